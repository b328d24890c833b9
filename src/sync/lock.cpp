// SPDX-License-Identifier: Apache-2.0
#include "sync/lock_subject.hpp"

#include <weft/base/errors.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/sync/lock.hpp>

#include <cstddef>

namespace weft::inline v0 {

const wait_kind lock::waiter::kind_ = {
    .name = "lock", .cancel = &line_waiter::cancel, .subject = as_subject(offsetof(waiter, lock_))};

lock::~lock() = default;

void lock::become_locked() noexcept {
    state_ = state::locked;
    event_loop* const loop = event_loop::current();
    const task_core* const holder = loop ? loop->current_task() : nullptr;
    holder_ = holder ? holder->id() : 0;
    locked_since_ = loop ? loop->tasks().tick() : 0;
}

task<lock::guard> lock::acquire_awaiter::acquiring(line_link at, lock& l) {
    at.require();
    co_return co_await l.acquire();
}

std::optional<lock::guard> lock::try_acquire() {
    check_caller("lock: try_acquire()");
    if (state_ != state::free) return std::nullopt;
    become_locked();
    return guard(holding_);
}

void lock::release() {
    check_caller("lock: release()");
    if (state_ != state::locked) throw invalid_state_error("lock: release() of a lock that is not acquired");
    holding_.take_from_guard();
    pass_on();
}

void lock::guard::release() {
    if (!holding_) throw invalid_state_error("lock guard: release() of a guard that holds nothing");
    if (!holding_->of) throw invalid_state_error("lock guard: release() while its task waits at a condition");
    holding_->of->release();
}

}  // namespace weft::inline v0
