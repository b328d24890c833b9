// SPDX-License-Identifier: Apache-2.0
#include "loop/memory_layout.hpp"

#include <weft/flow/gather.hpp>
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

const wait_kind children_awaiter::kind_ = {
    .name = "gather",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<children_awaiter&>(w);
            if (!self.cancel_children())
                self.task()->postpone_cancellation();  // all are done, and it is about to resume
            return true;
        },
    .subject = {wait_subject::thing::hooks, {offsetof(children_awaiter, children_), memory_layout::future_of_notice}},
};

children_awaiter::children_awaiter(std::span<future_core* const> children, until u)
    : waiter(kind_), pending_(children.size()), until_(u) {
    children_.reserve(children.size());
    for (future_core* const f : children) {
        if (f->done()) {
            child_is_done(this, *f);
        } else {
            children_.emplace_back(*f, this, child_is_done);
        }
    }
}

void children_awaiter::child_is_done(void* self, future_core& f) {
    children_awaiter& all = *static_cast<children_awaiter*>(self);
    --all.pending_;
    const bool failed = f.cancelled() || f.stored_exception();
    if (failed && !all.first_failed_ && all.until_ == until::first_failure) all.first_failed_ = &f;
    if (all.first_failed_ || all.pending_ == 0) all.wake();
}

/// @return whether a child took the request
bool children_awaiter::cancel_children() {
    bool taken = false;
    for (const done_hook& c : children_) {
        if (c.future().cancel(task()->cancel_message())) taken = true;
    }
    cancel_requested_ = cancel_requested_ || taken;
    return taken;
}

void children_awaiter::await_resume() {
    if (!first_failed_ || !first_failed_->cancelled() || !task() || !task()->yields_to_cancellation_of_awaited())
        this->resumed();
    if (first_failed_) first_failed_->throw_failure();
    if (cancel_requested_) throw cancelled_error(task()->cancel_message());
}

}  // namespace weft::inline v0
