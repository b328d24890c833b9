// SPDX-License-Identifier: Apache-2.0
#include "loop/loop_remote.hpp"

#include <weft/base/errors.hpp>
#include <weft/exec/blocking_job.hpp>

namespace weft::inline v0 {

// All accesses to stage_ are relaxed. It decides who may go on, by the order of its own changes, and publishes nothing:
// - the callable reaches the executor's thread by the executor's own lock, in post();
// - the result reaches the loop's thread by the loop's inbox, in loop_remote::post(), and is looked at only after that;
// - a callable dropped by the loop, or a result dropped by the executor, is seen as dropped by whoever destroys the job,
//   through references_.

void blocking_job::submit(executor& e, event_loop& loop) {
    loop_ = &loop;
    remote_ = loop.remote();
    references_.fetch_add(1, std::memory_order_relaxed);  // nobody else knows of the job yet
    try {
        e.post(*this);
    } catch (...) {
        references_.fetch_sub(1, std::memory_order_relaxed);
        loop_ = nullptr;
        throw;
    }
    expect(true);
}

bool blocking_job::withdraw() noexcept {
    stage expected = stage::pending;
    if (!stage_.compare_exchange_strong(expected, stage::abandoned, std::memory_order_relaxed)) return false;
    forget_call();
    return true;
}

void blocking_job::abandon() noexcept {
    abandoned_ = true;
    if (stage_.exchange(stage::abandoned, std::memory_order_relaxed) == stage::pending) forget_call();
    expect(false);
    drop_reference();
}

/// Tells the loop's clock whether to expect this.
void blocking_job::expect(bool it) noexcept {
    if (std::exchange(expected_, it) != it) loop_->expect_from_elsewhere(it ? 1 : -1);
}

/// @return false if nobody wants the call any more
bool blocking_job::begin() noexcept {
    stage expected = stage::pending;
    return stage_.compare_exchange_strong(expected, stage::running, std::memory_order_relaxed);
}

void blocking_job::run() noexcept {
    if (!begin()) return;
    try {
        const call_context context(std::move(variables_));
        call();
    } catch (...) {  // there is no memory for the context
        forget_call();
        set_error(std::current_exception());
    }
}

void blocking_job::refuse() noexcept {
    if (begin()) {
        forget_call();
        set_error(std::make_exception_ptr(cancelled_error("the executor was shut down before it made the call")));
    }
    finish();
}

void blocking_job::finish() noexcept {
    const auto remote = remote_;  // for the job may be gone before post() returns
    stage expected = stage::running;
    const bool wanted = stage_.compare_exchange_strong(expected, stage::done, std::memory_order_relaxed);
    if (!wanted || !remote->post(*this)) drop_reference();
}

void blocking_job::came_back(ready_node& node) {
    auto& self = static_cast<blocking_job&>(node);
    if (!self.abandoned_ && !self.loop_->is_closing()) {
        self.expect(false);
        self.arrived();
    }
    self.drop_reference();
}

}  // namespace weft::inline v0
