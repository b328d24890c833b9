// SPDX-License-Identifier: Apache-2.0
#include "loop/backend.hpp"

#include <weft/loop/event_loop.hpp>

// What a loop shows of itself.

namespace weft::inline v0 {

event_loop::outstanding_work event_loop::outstanding() {
    outstanding_work work;
    if (!backend_) return work;
    take_from_other_threads();
    work.tasks = tasks_.size();
    work.ready = ready_.size();
    work.timers = timers_.size();
    backend_->for_each_submitted([&](const operation&) { ++work.operations; });
    return work;
}

void event_loop::set_observer(loop_observer* o) noexcept {
    observer_ = o;
    watches_steps_ = debug_ || observer_;
    heeds_wakes_ = closing_ || observer_;
    if (backend_) backend_->set_observer(o);
}

}  // namespace weft::inline v0
