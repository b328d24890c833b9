// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>

#include <cstddef>

namespace weft::inline v0 {

bool sleep_awaiter::cancel(waiter& w) {
    auto& self = static_cast<sleep_awaiter&>(w);
    self.abandon();
    self.wake();
    return false;
}

const wait_kind sleep_awaiter::for_kind_ = {.name = "sleep", .cancel = cancel};
const wait_kind sleep_awaiter::until_kind_ = {.name = "sleep", .cancel = cancel};
const wait_kind sleep_awaiter::begun_kind_ = {
    .name = "sleep",
    .cancel = cancel,
    .subject = {wait_subject::thing::deadline, {offsetof(sleep_awaiter, deadline_)}}};

void sleep_awaiter::start() {
    if (&kind() == &begun_kind_) throw invalid_state_error("cannot reuse an already awaited sleep");
    const bool absolute = is_absolute();
    become(begun_kind_);
    if (!absolute && when() <= 0) return wake();
    loop().add_timer(*this, absolute ? when() : deadline_after(loop().now(), when()));
}

namespace {
task<> sleeping(nanos when, bool absolute) { co_await sleep_awaiter(when, absolute); }
}  // namespace

task<> to_task(const sleep_awaiter& s) { return sleeping(s.when(), s.is_absolute()); }

}  // namespace weft::inline v0
