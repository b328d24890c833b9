// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

timeout& timeout::entering::await_resume() const {
    timeout& t = timeout_;
    if (!task_)
        throw no_running_loop_error("timeout: this coroutine is being stepped by hand, and a timeout needs a loop");
    if (t.state_ != state::created) throw invalid_state_error("timeout: it has been entered already");
    t.task_ = task_;
    t.state_ = state::active;
    t.cancelling_before_ = task_->cancelling();
    event_loop& loop = *task_->loop();
    if (t.delay_) t.when_ = to_time_point(deadline_after(loop.now(), *t.delay_));
    t.reschedule(t.when_);
    return t;
}

void timeout::reschedule(std::optional<clock::time_point> when) {
    if (state_ != state::active) {
        throw invalid_state_error(state_ == state::created ? "timeout: it has not been entered"
                                  : state_ == state::left  ? "timeout: cannot reschedule one that was left"
                                                           : "timeout: cannot reschedule one that has expired");
    }
    when_ = when;
    timer_.unlink();
    overdue_.cancel();
    if (!when) return;
    event_loop& loop = *task_->loop();
    if (to_nanos(*when) > loop.now()) {
        loop.add_timer(timer_, to_nanos(*when));
    } else {
        overdue_ = loop.call_soon([this] { expire(); });  // before the block gets its next turn, as in asyncio
    }
}

void timeout::expire() {
    state_ = state::expiring;
    task_->cancel();
}

immediate<> timeout::exit(const std::exception_ptr& error) {
    timer_.unlink();
    overdue_.cancel();
    if (state_ != state::expiring) {
        state_ = state::left;
        return {};
    }
    state_ = state::expired;
    // Somebody else's request, made meanwhile, goes further.
    if (task_->uncancel() <= cancelling_before_ && is_cancellation(error)) throw timeout_error();
    return {};
}

}  // namespace weft::inline v0
