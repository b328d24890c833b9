// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/trace_exception.hpp>
#include <weft/fiber/fiber_generator_core.hpp>
#include <weft/fiber/fiber_promise.hpp>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace weft::inline v0 {

// Who asks

/// It is running or closed. @return false
bool fiber_generator_core::refuse_or_end() const {
    if (is_running()) throw generator_already_running();
    return false;
}

bool fiber_generator_core::send(void* value) {
    if (state_ == generator_state::created) throw generator_not_started();
    if (state_ != generator_state::suspended) return refuse_or_end();
    prepare();
    sent_ = value;
    return resume();
}

bool fiber_generator_core::raise(std::exception_ptr error) {
    if (is_running()) throw generator_already_running();
    if (state_ != generator_state::suspended) {
        close();
        std::rethrow_exception(std::move(error));
    }
    prepare();
    error_ = std::move(error);
    return resume();
}

bool fiber_generator_core::close() {
    if (is_running() || is_closed()) return refuse_or_end();
    prepare();
    if (state_ == generator_state::created) {
        unwind();
        return false;
    }
    error_ = std::make_exception_ptr(generator_exit());
    try {
        if (resume()) throw generator_ignored_exit();
    } catch (const generator_exit&) {
        return false;
    }
    return true;
}

/// Whether it can be resumed here. @throws invalid_state_error, std::invalid_argument
void fiber_generator_core::prepare() {
    fiber_core& here = fiber_core::current();
    if (fiber_.parent() != &here) belong_to(here);
}

void fiber_generator_core::belong_to(fiber_core& who_asks) {
    if (!fiber_.is_of_this_thread())
        throw invalid_state_error("a fiber_generator is asked on another thread than the one that made it");
    fiber_.set_parent(who_asks);
}

/// The body has ended; or, while it waits for something else, who asked is thrown into, and will not wait for it any more.
bool fiber_generator_core::stopped(arrival arrived) {
    fiber_promise* const promise = fiber_core::current().promise();
    while (fiber_core* const visitor = promise ? promise->show_stack() : nullptr) {
        arrived = visitor->switch_here(typeid(step), this, caller_);
        if (arrived.value && !arrived.ended) return true;
    }
    if (arrived.ended == &fiber_) {
        fiber_.let_go_of_stack();
        if (!error_) return false;
        const std::exception_ptr error = std::exchange(error_, nullptr);
        trace_call(error, caller_);
        std::rethrow_exception(error);
    }
    try {
        fiber_core::raise_arrived(arrived.ended);
    } catch (...) {
        unwind();
        throw;
    }
}

void fiber_generator_core::leave() noexcept {
    if (is_running()) {
        std::fputs("weft: a fiber_generator is destroyed while it runs, by its own body or by what that calls\n",
                   stderr);
        std::abort();
    }
    if (!unwound_) unwind();
}

void fiber_generator_core::unwind() noexcept {
    fiber_.be_promised(fiber_core::current().promise());  // not whom it waited for last, who may have gone
    fiber_.~fiber_core();
    unwound_ = true;
    state_ = generator_state::closed;
}

std::vector<stack_frame> fiber_generator_core::frames() const {
    std::vector<stack_frame> chain;
    if (is_running()) chain.push_back(to_stack_frame(caller_));
    if (is_closed()) return chain;
    std::vector<stack_frame> inner = inner_ ? inner_->frames() : std::vector<stack_frame>();
    if (!inner_ || !is_running() || inner.empty()) chain.push_back(to_stack_frame(where_));
    chain.insert(chain.end(), std::make_move_iterator(inner.begin()), std::make_move_iterator(inner.end()));
    return chain;
}

// The body

void fiber_generator_core::body_begins(arrival first) {
    state_ = generator_state::running;
    if (!first.value) fiber_core::raise_arrived(first.ended);
}

void fiber_generator_core::throw_wrong_stack() {
    throw invalid_state_error("yield: called on another stack than that of the generator's body");
}

void fiber_generator_core::body_ended(std::exception_ptr& error) noexcept {
    fiber_core& self = fiber_;
    state_ = generator_state::closed;
    if (!self.is_closing()) error_ = std::exchange(error, nullptr);
    self.end(self.result_is_wanted(typeid(step)) ? this : nullptr, error, typeid(step));
}

}  // namespace weft::inline v0
