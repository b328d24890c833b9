// SPDX-License-Identifier: Apache-2.0
#include "fiber/hook_table.hpp"

#include <weft/base/errors.hpp>
#include <weft/fiber/fiber_promise.hpp>

#include <cstddef>
#include <exception>
#include <utility>

namespace weft::inline v0 {

static_assert(offsetof(fiber_frame, promise) == 2 * sizeof(void*) && alignof(fiber_promise) <= 2 * sizeof(void*));

fiber_promise& fiber_promise::running() {
    fiber_promise* const p = fiber_core::current().promise();
    if (!p)
        throw invalid_state_error("await() outside of a fiber: use co_await, or create_fiber() for what calls this");
    if (p->owes()) [[unlikely]] {
        p->refusals = 0;
        std::rethrow_exception(p->take_owed());
    }
    return *p;
}

std::coroutine_handle<> fiber_promise::start_below(promise_base& awaiting, std::source_location where) noexcept {
    awaiting.await(*this, owner_);
    owner_ = handle();
    stand_at(where);
    return running_in()->transfer_to(handle());
}

void fiber_promise::park(std::coroutine_handle<> next) {
    next_ = next;
    struct standing {  // on another stack than the fiber's, if that has asked a generator
        fiber_core*& on;
        fiber_core* const before;
        ~standing() { on = before; }
    } const meanwhile{core_, std::exchange(core_, &fiber_core::current())};
    fiber_ref<>(*entered_from_).switch_to(where());
}

/// On the loop's stack, wherever that is: the handle was resumed.
void fiber_promise::enter() noexcept {
    if (entered_) {  // by what was resumed below: it has ended before it had to wait
        resumed_meanwhile_ = true;
        return;
    }
    entered_ = true;
    do {
        resumed_meanwhile_ = false;
        if (run_until_it_waits()) return continue_awaiter().resume();
        if (next_) std::exchange(next_, nullptr).resume();
    } while (resumed_meanwhile_);
    entered_ = false;
}

/// @return whether it has ended
bool fiber_promise::run_until_it_waits() noexcept {
    try {
        fiber_core& here = fiber_core::current();
        if (!fiber_) {
            offer_hook_table();
            fiber_.emplace([this] { body_(context_); }, options_, where());
            core_ = &fiber_->ref().core();
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

}  // namespace weft::inline v0
