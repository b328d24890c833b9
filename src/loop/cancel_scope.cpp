// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/loop/cancel_scope.hpp>
#include <weft/loop/event_loop.hpp>

#include <utility>

namespace weft::inline v0 {

// The task's side

void task_core::enter_scope(scope_link& s) {
    task_extras& e = need_extras();
    s.outer_ = e.innermost_scope;
    s.task_ = this;
    e.innermost_scope = &s;
    scopes_have_changed();
}

void task_core::leave_scope(scope_link& s) noexcept {
    scope_link** place = &extras().innermost_scope;
    while (*place != &s) place = &(*place)->outer_;  // a scope is left from inside the shield of its own exit()
    *place = s.outer_;
    s.task_ = nullptr;
    scopes_have_changed();
}

void task_core::scopes_have_changed() noexcept {
    bool cancelled = false;
    bool spared = false;
    scope_link* join = nullptr;
    for (scope_link* s = innermost_scope(); s && !cancelled; s = s->outer_) {
        if (s->cancelled_ && (!spared || s->cleanup_is_over_)) {
            if (join) {
                join->tell_of_cancellation(s->cleanup_is_over_);
            } else {
                cancelled = true;
            }
        }
        if (s->shielded_) break;
        if (s->kind_ == scope_link::kind::cleanup) spared = true;
        if (s->kind_ == scope_link::kind::join) join = s;
    }
    const bool was_cancelled = flags_ & by_scope;
    if (!cancelled) return clear(by_scope);
    set(by_scope);
    if (!was_cancelled && waiting_at_) end_wait_here_or_below();
}

void scope_link::tell_of_cancellation(bool cleanup_is_over) noexcept {
    bool& was_told = cleanup_is_over ? was_told_that_cleanup_is_over_ : was_told_;
    if (std::exchange(was_told, true)) return;
    told_of_cancellation(cleanup_is_over);
}

// Scopes

cancel_scope::~cancel_scope() {
    if (task_) task_->leave_scope(*this);
}

cancel_scope& cancel_scope::deadline(std::optional<clock::time_point> when) {
    deadline_ = when;
    if (!task_) return *this;
    start_timers();
    if (deadline_ && *deadline_ <= task_->loop()->time()) cancel();
    return *this;
}

void cancel_scope::start_timers() {
    deadline_timer_.unlink();
    if (deadline_ && !cancelled_) task_->loop()->add_timer(deadline_timer_, to_nanos(*deadline_));
}

cancel_scope& cancel_scope::shielded(bool on) noexcept {
    shielded_ = on;
    if (task_) task_->scopes_have_changed();
    return *this;
}

void cancel_scope::cancel() noexcept {
    if (cancelled_) return;
    cancelled_ = true;
    if (!task_) return;
    deadline_timer_.unlink();
    if (cleanup_) {
        event_loop& loop = *task_->loop();
        loop.add_timer(cleanup_timer_, deadline_after(loop.now(), to_nanos(*cleanup_)));
    }
    task_->scopes_have_changed();
}

void cancel_scope::end_cleanup() {
    cleanup_is_over_ = true;
    if (task_) task_->scopes_have_changed();
}

cancel_scope& cancel_scope::entering::await_resume() const {
    if (!task_)
        throw no_running_loop_error("cancel_scope: this coroutine is being stepped by hand, and a scope needs a loop");
    scope_.enter_in(*task_);
    return scope_;
}

void cancel_scope::enter_in(task_core& t) {
    if (std::exchange(entered_, true)) throw invalid_state_error("cancel_scope: it was entered before");
    // A request that has not been raised yet will be in here, and is not this scope's either.
    cancelling_before_ = t.cancelling() - (t.has_pending_request() ? 1 : 0);
    const bool cancelled_already = std::exchange(cancelled_, false);
    t.enter_scope(*this);
    start_timers();
    if (cancelled_already || (deadline_ && *deadline_ <= t.loop()->time())) cancel();
}

immediate<bool> cancel_scope::exit(std::exception_ptr error) {
    task_core& t = *task_;
    deadline_timer_.unlink();
    cleanup_timer_.unlink();
    t.leave_scope(*this);
    // A cancellation that was requested of the task meanwhile goes further; what only this scope asked for ends here.
    caught_ = cancelled_ && is_cancellation(error) && t.cancelling() <= cancelling_before_;
    return immediate<bool>(caught_);
}

cleanup_shield::cleanup_shield(task_core* t) : scope_link(kind::cleanup) {
    if (t && t->innermost_scope()) t->enter_scope(*this);
}
cleanup_shield::~cleanup_shield() {
    if (task_) task_->leave_scope(*this);
}

}  // namespace weft::inline v0
