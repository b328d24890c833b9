// SPDX-License-Identifier: Apache-2.0
#include "loop/loop_remote.hpp"

#include <weft/base/errors.hpp>
#include <weft/exec/loop_call_job.hpp>

#include <utility>

namespace weft::inline v0 {

// Accesses to stage_ are relaxed: it decides, by the order of its own changes, whether the call begins, and publishes
// nothing. The callable reaches the callee, and the result the caller, by their inboxes, in loop_remote::post(). A job may
// be gone when post() returns: what is needed after it is copied before.

loop_call_job::loop_call_job(std::shared_ptr<loop_remote> callee) noexcept
    : future_listener(task_ended), callee_(std::move(callee)), cancel_request_(*this) {
    run = at_callee;
    cancel_request_.run = cancel_at_callee;
}

/// From waiting to `to`. @return whether this was the first to leave it
bool loop_call_job::leave(stage to) noexcept {
    stage expected = stage::waiting;
    return stage_.compare_exchange_strong(expected, to, std::memory_order_relaxed);
}

void loop_call_job::expect(bool it) noexcept {
    // A loop that calls itself waits for nobody else.
    if (callee_ != caller_remote_ && std::exchange(expected_, it) != it) caller_->expect_from_elsewhere(it ? 1 : -1);
}

void loop_call_job::submit(event_loop& caller, void (*f)(void*), void* argument) {
    caller_ = &caller;
    caller_remote_ = caller.remote();
    context_ = context_to_carry();
    notify_ = f;
    argument_ = argument;
    expect(true);
    add_reference();  // the job's that travels
    if (callee_->post(*this)) return;
    leave(stage::begun);
    fail_as_closed();
}

bool loop_call_job::withdraw() noexcept {
    if (!leave(stage::withdrawn)) return false;
    forget_call();
    return true;
}

void loop_call_job::request_cancel() noexcept {
    ++cancels_requested_;
    // The request that brings the count from none is under way until the callee has taken the count: it takes what is
    // added meanwhile. Acquire and release: adding after the callee took the count comes after the callee let go of the
    // node, which then may be sent again.
    if (cancels_.fetch_add(1, std::memory_order_acq_rel) != 0) return;
    add_reference();
    const auto callee = callee_;
    if (!callee->post(cancel_request_)) drop_reference();  // its loop is closed: the job is on its way back
}

void loop_call_job::abandon() noexcept {
    abandoned_ = true;
    if (was_submitted() && !back_) {
        expect(false);
        if (stage_.load(std::memory_order_relaxed) != stage::withdrawn && !withdraw()) request_cancel();
    }
    drop_reference();
}

void loop_call_job::at_callee(ready_node& node) {
    auto& self = static_cast<loop_call_job&>(node);
    if (!self.leave(stage::begun)) return self.drop_reference();  // withdrawn
    event_loop& callee = *event_loop::current();
    if (callee.is_closing() || callee.is_ending()) return self.fail_as_closed();
    self.call(callee);
}

std::optional<context> loop_call_job::take_context() noexcept {
    return context_ ? std::optional<context>(std::move(context_)) : std::nullopt;
}

carried_variables loop_call_job::take_variables() noexcept { return context_ ? std::move(context_->all) : nullptr; }

void loop_call_job::fail_as_closed() noexcept {
    forget_call();
    set_error(std::make_exception_ptr(invalid_state_error("call: the event loop that was called is closed")));
    returned();
}

void loop_call_job::listen_to(future_core& task) noexcept {
    task_ = &task;
    task.listen(*this);
}

void loop_call_job::task_ended(future_listener& l, future_core* done) {
    auto& self = static_cast<loop_call_job&>(l);
    self.task_ = nullptr;
    if (!done || (done->cancelled() && self.cancels_delivered_ == 0 && done->loop().is_ending()))
        return self.fail_as_closed();
    self.take_result(*done);
    // Back when the task is gone, in this turn or the next: an exception is then the caller's alone. (Nothing would be wrong
    // otherwise; but the count of an exception's owners is in libstdc++, where the thread sanitizer does not see it.)
    self.run = leaving_callee;
    done->loop().make_ready(self);
}

void loop_call_job::leaving_callee(ready_node& node) { static_cast<loop_call_job&>(node).returned(); }

void loop_call_job::cancel_at_callee(ready_node& node) {
    loop_call_job& self = static_cast<cancel_request&>(node).job;
    for (unsigned left = self.cancels_.exchange(0, std::memory_order_acq_rel); left > 0; --left) {
        if (!self.task_) continue;  // it has ended: the job with its result is on its way back
        ++self.cancels_delivered_;
        self.task_->cancel({});
    }
    self.drop_reference();
}

void loop_call_job::returned() noexcept {
    run = back_at_caller;
    const auto caller = caller_remote_;
    if (!caller->post(*this)) drop_reference();
}

void loop_call_job::back_at_caller(ready_node& node) {
    auto& self = static_cast<loop_call_job&>(node);
    if (!self.abandoned_ && !self.caller_->is_closing()) {
        self.back_ = true;
        self.expect(false);
        self.notify_(self.argument_);
    }
    self.drop_reference();
}

}  // namespace weft::inline v0
