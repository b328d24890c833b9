// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

bool sleep_awaiter::cancel(waiter& w) {
    auto& self = static_cast<sleep_awaiter&>(w);
    self.abandon();
    self.wake();
    return false;
}

const wait_kind sleep_awaiter::for_kind_ = {.name = "sleep", .cancel = cancel};
const wait_kind sleep_awaiter::until_kind_ = {.name = "sleep", .cancel = cancel};

void sleep_awaiter::start() {
    if (is_absolute()) return loop().add_timer(*this, when());
    if (when() <= 0) return wake();
    loop().add_timer(*this, deadline_after(loop().now(), when()));
}

namespace {
task<> sleeping(nanos when, bool absolute) { co_await sleep_awaiter(when, absolute); }
}  // namespace

task<> to_task(const sleep_awaiter& s) { return sleeping(s.when(), s.is_absolute()); }

}  // namespace weft::inline v0
