// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/event_loop.hpp>
#include <weft/loop/handle.hpp>

namespace weft::inline v0 {

callback::callback(event_loop& loop, std::move_only_function<void()> call, std::optional<context> c)
    : loop_(loop), call_(std::move(call)), context_(c ? c->core() : context_to_carry()) {
    run = &callback::run_once;
}

void callback::run_once(ready_node& node) {
    auto& self = static_cast<callback&>(node);
    if (!self.cancelled() && !self.loop_.is_closing()) {
        self.loop_.run_callback_in(std::move(self.context_));
        try {
            self.call_();
        } catch (...) {
            self.loop_.call_exception_handler(
                {.message = "Exception in callback", .exception = std::current_exception()});
        }
        self.loop_.run_callback_in(nullptr);
    }
    self.call_ = nullptr;  // what it captured goes now, not with the last handle
    self.drop_reference();
}

timed_callback::timed_callback(event_loop& loop, std::move_only_function<void()> call, std::optional<context> c)
    : callback(loop, std::move(call), std::move(c)), timer_(*this) {}

void timed_callback::start(nanos deadline) noexcept {
    when_ = deadline;
    loop_.add_timer(timer_, deadline);
}

void timed_callback::own_timer::fire(timer_node& t) {
    timed_callback& self = static_cast<own_timer&>(t).owner;
    self.loop_.make_ready(self);
}

void timed_callback::cancel() noexcept {
    callback::cancel();
    if (!timer_.is_pending()) return;
    timer_.unlink();
    drop_reference();  // the timer's
}

}  // namespace weft::inline v0
