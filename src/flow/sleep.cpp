// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

const wait_kind sleep_awaiter::kind_ = {
    .name = "sleep",
    .cancel =
        [](waiter& w) {
            auto& self = static_cast<sleep_awaiter&>(w);
            self.abandon();
            self.wake();
            return false;
        },
};

void sleep_awaiter::start() {
    if (!absolute_ && when_ <= 0) return wake();
    loop().add_timer(timer_, absolute_ ? when_ : deadline_after(loop().now(), when_));
}

namespace {
task<> sleeping(nanos when, bool absolute) { co_await sleep_awaiter(when, absolute); }
}  // namespace

task<> to_task(const sleep_awaiter& s) { return sleeping(s.when(), s.is_absolute()); }

const wait_kind yield_awaiter::kind_ = {.name = "yield", .cancel = [](waiter&) { return false; }};

}  // namespace weft::inline v0
