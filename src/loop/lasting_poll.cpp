// SPDX-License-Identifier: Apache-2.0
#include "loop/lasting_poll.hpp"

#include "loop/backend.hpp"
#include "loop/report.hpp"

#include <weft/base/errors.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

constexpr nanos pause_without_room = 100'000'000;

/// What another attempt may do better, with the same descriptor.
bool is_passing(int error) noexcept {
    return error == ENOMEM || error == ENOBUFS || error == ENOSPC || error == EBUSY || error == EAGAIN ||
           error == EINTR;
}

}  // namespace

lasting_poll::lasting_poll(event_loop& loop, native_handle watched, short watched_events)
    : poll_operation(completed), loop_(loop), retry_(*this) {
    fd = watched;
    events = watched_events;
    loop_.operations().submit(*this);
}

lasting_poll::~lasting_poll() { loop_.operations().cancel(*this); }

lasting_poll::outcome lasting_poll::go_on() noexcept {
    try {
        if (loop_.operations().is_claimed(fd))  // on io_uring both would wait for it, and take each other's events
            throw invalid_state_error("it is a stream's, server's or socket's of this loop by now");
        loop_.operations().submit(*this);
        return {};
    } catch (...) {
        return failed();
    }
}

/// In a handler: tries again later, if that may help.
lasting_poll::outcome lasting_poll::failed() noexcept {
    int error = EIO;
    try {
        error = refusal();
    } catch (...) {  // nothing that is known to pass
    }
    if (!is_passing(error)) return {.error = std::current_exception(), .over = true};
    loop_.add_timer(retry_, deadline_after(loop_.now(), pause_without_room));
    return {.error = std::exchange(said_, true) ? nullptr : std::current_exception()};
}

void lasting_poll::completed(operation& op, const completion& c) {
    auto& self = static_cast<lasting_poll&>(op);
    if (c.result >= 0) {
        self.said_ = false;
        return self.tell(self.go_on(), true);  // in this order: on_ready() may destroy it
    }
    outcome o;
    try {
        throw std::system_error(-c.result, std::generic_category(), "poll");
    } catch (...) {  // that, or there is no memory for it
        o = self.failed();
    }
    self.tell(o, o.over);
}

void lasting_poll::try_again() {
    if (loop_.is_closing()) return;
    if (const outcome o = go_on(); o.error) tell(o, o.over);
}

/// The handler last: it may do anything.
void lasting_poll::tell(const outcome& o, bool is_ready) {
    event_loop& loop = loop_;
    const native_handle watched = fd;
    if (is_ready) on_ready();
    if (!o.error) return;
    report(loop,
           o.over ? "a descriptor is watched no longer"
                  : "cannot watch a descriptor for now: trying again every 100 ms",
           o.error, [&](error_context& c) {
               c.message = o.over ? "descriptor " + std::to_string(watched) + " is watched no longer"
                                  : "cannot watch descriptor " + std::to_string(watched) +
                                        " for now: trying again every 100 ms";
           });
}

}  // namespace weft::inline v0
