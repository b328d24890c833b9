// SPDX-License-Identifier: Apache-2.0
#include "coro/exception_table.hpp"
#include "coro/native_stack.hpp"
#include "fiber/fiber_thread.hpp"
#include "fiber/hook_table.hpp"
#include "fiber/switch_stack.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/trace_exception.hpp>
#include <weft/fiber/fiber_generator_core.hpp>
#include <weft/fiber/fiber_promise.hpp>
#include <weft/loop/registry.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <span>
#include <utility>

namespace weft::inline v0 {

static_assert(offsetof(fiber_frame, promise) == 2 * sizeof(void*) && alignof(fiber_promise) <= 2 * sizeof(void*));

fiber_promise& fiber_promise::running() {
    fiber_promise* const p = fiber_core::current().promise();
    if (!p)
        throw invalid_state_error("await() outside of a fiber: use co_await, or create_fiber() for what calls this");
    if (p->owes()) [[unlikely]] {
        p->refusals = 0;
        p->note_callers();
        std::rethrow_exception(p->take_owed());
    }
    return *p;
}

bool fiber_promise::start_below(promise_base& awaiting, std::source_location where) noexcept {
    awaiting.await(*this, owner_);
    owner_ = handle();
    stand_at(where);
    return !run_to_end_or_wait();
}

void fiber_promise::park(std::coroutine_handle<> next) {
    next_ = next;
    struct standing {  // on another stack than the fiber's, if that has asked a generator
        fiber_promise& self;
        fiber_core* const before;
        ~standing() {
            self.core_ = before;
            self.parked_ = false;
        }
    } const meanwhile{*this, std::exchange(core_, &fiber_core::current())};
    parked_ = true;
    for (;;) {
        fiber_ref<>(*entered_from_).switch_to(where());
        if (!show_stack()) [[likely]]
            return;
    }
}

void fiber_promise::enter_frame(fiber_frame* self) { self->promise.enter(); }
void fiber_promise::unwind_frame(fiber_frame* self) {
    self->promise.fiber_.reset();
    self->promise.core_ = self->promise.own_ = nullptr;
}

/// On the loop's stack, wherever that is: the handle was resumed.
void fiber_promise::enter() noexcept {
    if (entered_) {  // by what was resumed below: it has ended before it had to wait
        resumed_meanwhile_ = true;
        return;
    }
    if (run_to_end_or_wait()) continue_awaiter().resume();
}

/// @return whether it has ended, and has no more to do than to be continued from
bool fiber_promise::run_to_end_or_wait() noexcept {
    entered_ = true;
    do {
        resumed_meanwhile_ = false;
        if (run_until_it_waits()) return true;
        if (next_) std::exchange(next_, nullptr).resume();
    } while (resumed_meanwhile_);
    entered_ = false;
    return false;
}

/// @return whether it has ended
bool fiber_promise::run_until_it_waits() noexcept {
    try {
        fiber_core& here = fiber_core::current();
        if (!fiber_) {
            offer_hook_table();
            be_seen_by_others();
            fiber_.emplace([this] { body_(context_); }, options_, where());
            core_ = own_ = &fiber_->ref().core();
            core_->be_promised(this);
        } else if (entered_from_ != &here) {
            fiber_->set_parent(fiber_ref<>(here));
        }
        entered_from_ = &here;
        fiber_ref<>(*core_).switch_to(where());
    } catch (...) {
        failure_ = std::current_exception();
        return true;
    }
    if (!fiber_->finished()) return false;
    failure_ = take_owed();
    return true;
}

// Being seen

/// Once a process; cheap ever after.
void fiber_promise::be_seen_by_others() noexcept {
    static const fiber_layout layout = {
        .resume = reinterpret_cast<const void*>(&enter_frame),
        .left_at = weft_left_stack,
        .frame_fiber = offsetof(fiber_frame, promise) + offsetof(fiber_promise, own_),
        .frame_innermost = offsetof(fiber_frame, promise) + offsetof(fiber_promise, core_),
        .fiber_parent = offsetof(fiber_core, parent_),
        .fiber_stack_pointer = offsetof(fiber_core, stack_pointer_),
    };
    static const bool are_told = [] {
        weft_registry_head.fibers.store(&layout, std::memory_order_release);
        add_native_frames_of.store(&add_native_frames, std::memory_order_release);
        return true;
    }();
    (void)are_told;
}

bool fiber_promise::add_native_frames(const promise_base& p, std::vector<stack_frame>& frames) {
    auto* const frame = static_cast<fiber_frame*>(const_cast<promise_base&>(p).handle().address());
    if (frame->resume != &enter_frame) return false;
    fiber_promise& self = frame->promise;
    auto [native, in_hooked_call] = self.functions_on_stack();
    const fiber_thread* const thread = fiber_thread::here_or_null();
    const bool runs = thread && thread->current->promise() == &self;
    if (!runs && !in_hooked_call && !native.empty() && same_function(native.back(), to_stack_frame(p.where())))
        native.pop_back();
    std::ranges::move(native, std::back_inserter(frames));
    return (runs || in_hooked_call) && !native.empty();
}

native_functions fiber_promise::functions_on_stack() noexcept try {
    const fiber_thread* const thread = fiber_thread::here_or_null();
    if (!own_ || own_->thread_ != thread) return {};
    const bool runs = thread->current->promise() == this;
    native_stack stack;
    if (runs) {
        stack.capture();
    } else if (!parked_ || !visit(*core_, core_, stack)) {
        return {};
    }
    native_functions functions = native_frames(stack.addresses());
    // A generator's body stands on a stack of its own, below that of who has asked it, up to the fiber's.
    for (fiber_core* at = runs ? thread->current : core_; at != own_;) {
        at = at->parent_;
        const bool asks =
            at && at->promise_ == this && at->expects_ && *at->expects_ == typeid(fiber_generator_core::step);
        if (!asks || !visit(*at, nullptr, stack)) break;
        std::vector<stack_frame> outer = native_frames(stack.addresses()).frames;
        if (stack_frame call = to_stack_frame(at->where()); !outer.empty() && same_function(outer.back(), call))
            outer.back() = std::move(call);
        std::ranges::move(functions.frames, std::back_inserter(outer));
        functions.frames = std::move(outer);
    }
    return functions;
} catch (...) {
    return {};
}

/// Has a fiber look at its own stack, and go on waiting there. @param value  it is switched to with @return false: it cannot
bool fiber_promise::visit(fiber_core& standing, void* value, native_stack& seen) noexcept {
    constexpr std::ptrdiff_t room = 16 * 1024;  // what unwinding takes of a stack that is not its own
    fiber_core& here = fiber_core::current();
    if (here.is_closing() || static_cast<std::byte*>(standing.stack_pointer_) - standing.stack().bottom() < room)
        return false;
    fiber_core* const entered_from = std::exchange(entered_from_, &here);
    const bool awaited = std::exchange(awaits_, true);  // calls that the unwinder makes must not wait
    visitor_ = &seen;
    bool has_seen = true;
    try {
        standing.switch_here(*standing.expects_, value, here.where());
    } catch (...) {  // then it does not go on, and knows nothing
        has_seen = false;
    }
    visitor_ = nullptr;
    awaits_ = awaited;
    entered_from_ = entered_from;
    return has_seen;
}

fiber_core* fiber_promise::show_stack() noexcept {
    if (!visitor_) [[likely]]
        return nullptr;
    visitor_->capture();
    return entered_from_;
}

void fiber_promise::note_callers() noexcept {
    if (own_->is_closing() || &fiber_core::current() != own_)
        return;  // in a generator: it goes through another stack yet
    constexpr std::size_t most = 32;
    native_stack stack;
    stack.capture();
    const auto all = stack.addresses();
    try {
        raised_through_.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), most)));
    } catch (...) {
        raised_through_.clear();
    }
}

std::exception_ptr fiber_promise::exception_leaving_body() noexcept {
    std::exception_ptr error = exception_leaving(where());
    exception_table::instance().add_functions(object_of(error), raised_through_);
    raised_through_.clear();
    return error;
}

}  // namespace weft::inline v0
