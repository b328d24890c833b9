// SPDX-License-Identifier: Apache-2.0
#include "loop/report.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/handle.hpp>

namespace weft::inline v0 {

callback::callback(event_loop& loop, std::optional<context> c, bool any_thread) : loop_(loop), any_thread_(any_thread) {
    run = &callback::run_once;
    if (c) {
        context_ = c->core();
    } else if (event_loop::may_carry_context()) {
        context_ = context_to_carry();
    }
}

void callback::run_once(ready_node& node) {
    auto& self = static_cast<callback&>(node);
    if (!self.cancelled() && !self.loop_.is_closing()) {
        self.loop_.run_callback_in(std::move(self.context_));
        try {
            self.call();
        } catch (...) {
            report(self.loop_, "Exception in callback", std::current_exception());
        }
        self.loop_.run_callback_in(nullptr);
    }
    self.forget();  // now, not with the last handle
    self.drop_reference();
}

void timed_callback::start(nanos deadline) noexcept { loop_.add_timer(*this, deadline); }

void timed_callback::fired(timer_node& t) {
    auto& self = static_cast<timed_callback&>(t);
    self.loop_.make_ready(self);
}

void timed_callback::cancel() noexcept {
    callback::cancel();
    if (!timer_node::is_pending()) return;
    timer_node::unlink();
    forget();  // what is called may hold the handle
    drop_reference();  // the timer's
}

}  // namespace weft::inline v0
