// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/future.hpp>

#include <cstddef>

namespace weft::inline v0 {

void throw_moved_from() { throw invalid_state_error("the future, or task handle, was moved from"); }

/// Cancelled before it came here: the future is cancelled in its place, and awaited if it takes the request.
bool future_waiter::cancel_instead(promise_base& awaiting) {
    if (!future_->cancel(task()->cancel_message()) || !task()->pass_on_cancellation() || future_->done()) return false;
    return this->suspend(awaiting);
}

const wait_kind future_waiter::kind_ = {
    .name = "future",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<future_waiter&>(w);
            self.abandon();
            self.wake();
            return false;
        },
    .stands_for = [](waiter& w) { return &static_cast<future_waiter&>(w).awaited(); },
    .subject = {wait_subject::thing::future, {offsetof(future_waiter, future_)}},
};

void future_waiter::refuse(const execution& e) const {
    if (!e.loop()) return;  // stepped by hand: suspend() says so
    throw invalid_state_error(e.loop() == future_->loop_or_null() ? "a task cannot await itself"
                                                                  : "await: the future belongs to a different loop");
}

const wait_kind done_awaiter::kind_ = {
    .name = "future",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<done_awaiter&>(w);
            self.future_listener::unlink();
            self.wake();
            return false;
        },
    .subject = {wait_subject::thing::future, {offsetof(done_awaiter, future_)}},
};

bool is_cancellation(const std::exception_ptr& error) noexcept {
    if (!error) return false;
    try {
        std::rethrow_exception(error);
    } catch (const cancelled_error&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace weft::inline v0
