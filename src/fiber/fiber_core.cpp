// SPDX-License-Identifier: Apache-2.0
#include "fiber/fiber_thread.hpp"
#include "fiber/sanitizers.hpp"
#include "fiber/switch_stack.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/format_exception.hpp>
#include <weft/fiber/fiber.hpp>
#include <weft/fiber/fiber_core.hpp>

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

namespace weft::inline v0 {

namespace {

/// What a fiber waits for that waits in close().
struct end_of_another {};

constexpr unsigned swallowed_at_most = 100;

std::string title_of(const std::string& name) { return name.empty() ? "a fiber" : "fiber '" + name + "'"; }

std::string readable(const std::type_info& type) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                           &std::free);
    return name ? name.get() : type.name();
}

}  // namespace

fiber_core::fiber_core(fiber_thread& thread) noexcept : thread_(&thread), state_(fiber_state::suspended) {}

fiber_core::fiber_core(const fiber_options& options, std::source_location made_at)
    : thread_(&fiber_thread::here()),
      stack_(thread_->pool_of(options.stack_bytes, options.guarded).take()),
      where_(made_at),
      made_at_(made_at),
      name_(options.name) {
    sanitizer_state_ = sanitizers::new_fiber();
    set_parent_unchecked(*thread_->current);
    ++thread_->fibers;
}

fiber_core::~fiber_core() {
    if (is_root()) return;
    if (state_ != fiber_state::finished) {
        try {
            close();
        } catch (...) {
            const std::string report = format_exception(std::current_exception());
            std::fprintf(stderr, "weft: an exception left %s as it was destroyed\n%s\n", title_of(name_).c_str(),
                         report.c_str());
            if (state_ != fiber_state::finished)
                std::terminate();  // it runs, or another thread's does: nothing can be undone
        }
    }
    let_go_of_stack();
    --thread_->fibers;
}

fiber_core& fiber_core::current() { return *fiber_thread::here().current; }

bool fiber_core::is_of_this_thread() const noexcept { return thread_ == fiber_thread::here_or_null(); }

void fiber_core::set_parent_unchecked(fiber_core& parent) noexcept {
    unlink();
    parent_ = &parent;
    parent.children_.push_back(*this);
}

void fiber_core::set_parent(fiber_core& parent) {
    if (is_root()) throw std::invalid_argument("the root of a thread's fibers has no parent");
    if (state_ == fiber_state::finished || parent.state_ == fiber_state::finished)
        throw invalid_state_error("set the parent of a fiber: one of the two has finished");
    if (thread_ != parent.thread_) throw std::invalid_argument("the parent of a fiber is one of the same thread");
    for (const fiber_core* f = &parent; f; f = f->parent_) {
        if (f == this) throw std::invalid_argument("a fiber cannot be its own ancestor");
    }
    set_parent_unchecked(parent);
}

void* fiber_core::reserve(std::size_t bytes, std::size_t alignment) {
    if (bytes + alignment > stack_.bytes() / 2) throw std::bad_alloc();
    // Stacks are whole pages apart: if all began at the same place of a page, they would all want the same lines of the caches.
    const auto end = reinterpret_cast<std::uintptr_t>(stack_.top());
    const std::uintptr_t top = end - end / 4096 % 16 * 64;
    return reinterpret_cast<void*>((top - bytes) & ~(std::uintptr_t{alignment} - 1));
}

void fiber_core::be_ready(const fiber_body& body, void* callable) noexcept {
    body_ = &body;
    callable_ = callable;
    expects_ = body.type;
    const auto top = reinterpret_cast<std::uintptr_t>(callable) & ~std::uintptr_t{15};
    stack_pointer_ = prepare_stack(reinterpret_cast<std::byte*>(top), &begin, *this);
}

// Switching

/// On its own stack, for the first time.
void fiber_core::begin(fiber_core& self, void* value, fiber_core* ended) noexcept {
    if constexpr (sanitizers::are_there) self.has_arrived(nullptr);
    self.state_ = fiber_state::suspended;
    self.body_->run(self, {value, ended});
    std::abort();  // run() does not return
}

/// Sanitizers are told that this runs now.
inline void fiber_core::has_arrived(void* kept) noexcept {
    const void* bottom = nullptr;
    std::size_t bytes = 0;
    sanitizers::after_switch(kept, &bottom, &bytes);
    if (!thread_->left->is_root()) return;
    thread_->root_stack = bottom;
    thread_->root_stack_bytes = bytes;
}

/// The end of every switch: nothing follows the assembly but what its `ret` goes to.
inline arrival fiber_core::leave_for(fiber_core& next, fiber_thread& thread, void* value, fiber_core* ended) noexcept {
    if ((thread.exceptions->bits() | next.exceptions_.bits()) != 0) [[unlikely]] {
        exceptions_ = *thread.exceptions;
        *thread.exceptions = std::exchange(next.exceptions_, {});
    }
    thread.current = &next;
    if constexpr (!sanitizers::are_there) {
        return weft_switch_stack(&stack_pointer_, next.stack_pointer_, value, ended);
    } else {
        thread.left = this;
        const bool to_root = next.is_root();
        sanitizers::before_switch(ended == this ? nullptr : &sanitizer_state_, next.sanitizer_state_,
                                  to_root ? thread.root_stack : next.stack_.bottom(),
                                  to_root ? thread.root_stack_bytes : next.stack_.bytes());
        const arrival arrived = weft_switch_stack(&stack_pointer_, next.stack_pointer_, value, ended);
        has_arrived(sanitizer_state_);
        return arrived;
    }
}

arrival fiber_core::switch_here(const std::type_info& type, void* value, std::source_location where) {
    fiber_thread* const thread = thread_;
    fiber_core& from = *thread->current;
    // Both calls are jumps, so that a switch returns to the caller of this.
    if (expects_ != &type || thread != fiber_thread::here_if_none_closes()) [[unlikely]]
        return look_and_switch_here(type, value, where);
    from.expects_ = &type;
    from.where_ = where;
    expects_ = nullptr;
    return from.leave_for(*this, *thread, value, nullptr);
}

arrival fiber_core::look_and_switch_here(const std::type_info& type, void* value, std::source_location where) {
    look_closer(type);
    fiber_core& from = *thread_->current;
    if (this == &from) return {value, nullptr};  // to itself: that is what it would get
    from.expects_ = &type;
    from.where_ = where;
    expects_ = nullptr;
    return from.leave_for(*this, *thread_, value, nullptr);
}

arrival fiber_core::raise_here(const std::type_info& type, std::exception_ptr error, std::source_location where) {
    const std::type_info* const expected = expects_;
    look_closer(expected ? *expected : type);
    fiber_core& from = *thread_->current;
    if (this == &from) std::rethrow_exception(std::move(error));
    error_ = std::move(error);
    from.expects_ = &type;
    from.where_ = where;
    expects_ = nullptr;
    return from.leave_for(*this, *thread_, nullptr, nullptr);
}

/// Whether who runs can go on here with a `type`; out of the way of those who can. @throws as switch_here()
void fiber_core::look_closer(const std::type_info& type) {
    if (thread_ != fiber_thread::here_or_null())
        throw invalid_state_error("switch to " + title_of(name_) + ": it belongs to another thread");
    fiber_core& from = *thread_->current;
    if (from.closer_ && parent_ != &from) {
        if (++from.swallowed_ > swallowed_at_most) {
            std::fprintf(stderr, "weft: %s swallows fiber_exit and cannot be closed\n", title_of(from.name_).c_str());
            std::terminate();
        }
        throw fiber_exit();
    }
    if (this == &from) return;
    if (state() == fiber_state::finished)
        throw invalid_state_error("switch to " + title_of(name_) + ": it has finished");
    if (!expects_) throw invalid_state_error("switch to " + title_of(name_) + ": it has no body yet");
    if (*expects_ == typeid(end_of_another))
        throw invalid_state_error("switch to " + title_of(name_) + ": it waits for the end of a fiber that it closes");
    if (*expects_ != type) {
        throw invalid_state_error("switch to " + title_of(name_) + " with a value of type " + readable(type) +
                                  ": it waits for one of type " + readable(*expects_));
    }
}

void fiber_core::raise_arrived(fiber_core* ended) {
    if (ended) ended->let_go_of_stack();
    std::rethrow_exception(std::exchange(current().error_, nullptr));
}

void fiber_core::let_go_of_stack() noexcept {
    if (!stack_) return;
    if constexpr (sanitizers::are_there) sanitizers::ended(sanitizer_state_, stack_.bottom(), stack_.bytes());
    stack_ = {};
}

// Ending

fiber_state fiber_core::state() const noexcept {
    if (thread_->current == this) return fiber_state::running;
    return state_;
}

void fiber_core::finish_unstarted() noexcept {
    if (body_) body_->destroy(callable_);
    leave_family();
}

/// It has finished: nobody switches to it any more, and its children are its parent's.
void fiber_core::leave_family() noexcept {
    state_ = fiber_state::finished;
    expects_ = nullptr;
    while (!children_.empty()) children_.front().set_parent_unchecked(*parent_);
    unlink();
}

void fiber_core::close() {
    const fiber_state now = state();
    if (now == fiber_state::finished) return;
    if (thread_ != fiber_thread::here_or_null())
        throw invalid_state_error("close " + title_of(name_) + ": it belongs to another thread");
    if (now == fiber_state::created) {
        finish_unstarted();
        return let_go_of_stack();
    }
    if (now == fiber_state::running || is_root())
        throw invalid_state_error("close " + title_of(name_) + ": it runs, and cannot wait for its own end");
    if (closer_ || *expects_ == typeid(end_of_another))
        throw invalid_state_error("close " + title_of(name_) + ": it is being closed, or waits for one that it closes");
    fiber_core& from = *thread_->current;
    closer_ = &from;
    thread_->begin_to_close();
    error_ = std::make_exception_ptr(fiber_exit());
    from.expects_ = &typeid(end_of_another);
    expects_ = nullptr;
    const arrival arrived = from.leave_for(*this, *thread_, nullptr, nullptr);
    if (!arrived.value) raise_arrived(arrived.ended);
    arrived.ended->let_go_of_stack();
}

/// Who goes on when this ends.
fiber_core& fiber_core::heir() noexcept { return closer_ ? *closer_ : *parent_; }

bool fiber_core::result_is_wanted(const std::type_info& type) noexcept {
    const std::type_info* const expected = heir().expects_;
    return expected && (expected == &type || *expected == type);
}

void fiber_core::end(void* result, std::exception_ptr& error, const std::type_info& type) noexcept {
    fiber_core& next = heir();
    if (error) {
        next.error_ = std::move(error);
        result = nullptr;
    } else if (!result && closer_) {
        result = this;  // anything: nobody looks
    } else if (!result) {
        const std::string waits = next.expects_ ? readable(*next.expects_) : "nothing";
        next.error_ = std::make_exception_ptr(invalid_state_error(title_of(name_) + " has ended with a value of type " +
                                                                  readable(type) +
                                                                  ", where its parent waits for one of type " + waits));
    }
    leave_family();
    if (closer_) thread_->end_to_close();
    next.expects_ = nullptr;
    leave_for(next, *thread_, result, this);
    std::abort();  // nobody goes on here
}

void this_fiber::throw_no_parent() {
    throw invalid_state_error("the parent of a fiber: this is the thread's own stack, which has none");
}

}  // namespace weft::inline v0
