// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/gather.hpp>
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

const wait_kind children_awaiter::kind_ = {
    .name = "gather",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<children_awaiter&>(w);
            return self.cancel_children() && self.is_waiting();  // futures, unlike tasks, end at once
        },
};

bool children_awaiter::await_ready() noexcept {
    bool all_done = true;
    for (child& c : children_) {
        if (!c.future_->done()) {
            all_done = false;
        } else if (failed(*c.future_)) {
            first_failed_ = c.future_;
            return true;
        }
    }
    return all_done;
}

void children_awaiter::start_listening() noexcept {
    for (child& c : children_) {
        if (c.future_->done()) continue;
        c.owner_ = this;
        c.future_->listen(c);
        ++pending_;
    }
}

void children_awaiter::child::notified(future_listener& l, future_core* done) {
    if (!done) return;
    children_awaiter& all = *static_cast<child&>(l).owner_;
    --all.pending_;
    if (!all.first_failed_ && failed(*done)) all.first_failed_ = done;
    if (all.first_failed_ || all.pending_ == 0) all.wake();
}

/// @return whether a child took the request
bool children_awaiter::cancel_children() {
    bool taken = false;
    for (child& c : children_) {
        if (c.future_->cancel({})) taken = true;
    }
    cancel_requested_ = cancel_requested_ || taken;
    return taken;
}

void children_awaiter::await_resume() {
    this->resumed();
    if (first_failed_) {
        first_failed_->mark_retrieved();
        if (first_failed_->cancelled()) throw cancelled_error();
        std::rethrow_exception(first_failed_->stored_exception());
    }
    if (cancel_requested_) throw cancelled_error();
}

}  // namespace weft::inline v0
