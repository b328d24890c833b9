// SPDX-License-Identifier: Apache-2.0
#include "net/listener.hpp"

#include "base/made_by.hpp"
#include "io/socket_address.hpp"
#include "loop/backend.hpp"
#include "loop/report.hpp"
#include "net/socket.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

constexpr nanos pause_without_descriptors = 100'000'000;

}  // namespace

listener::listener(event_loop& loop, accept_sink& sink, bound_socket socket, bool one_by_one)
    : accept_operation(completed), loop_(loop), sink_(sink), socket_(std::move(socket)), retry_(*this) {
    fd = socket_.fd.get();
    once = one_by_one;
    const int family = get_option(fd, SOL_SOCKET, SO_DOMAIN, "start_server: SO_DOMAIN");
    is_tcp_ = family == AF_INET || family == AF_INET6;
    loop_.operations().claim(fd);
}

listener::~listener() {
    loop_.operations().cancel(*this);
    loop_.operations().close(socket_.fd.release());
}

void listener::start(int backlog) {
    // Another's backlog is left as it is.
    const bool listens = get_option(fd, SOL_SOCKET, SO_ACCEPTCONN, "start_server: SO_ACCEPTCONN");
    if (!listens && ::listen(fd, backlog) != 0)
        throw std::system_error(errno, std::generic_category(), "listen on " + local().to_string());
    try {
        loop_.operations().submit(*this);
    } catch (const std::system_error& e) {
        throw std::system_error(e.code(), "listen on " + local().to_string());
    }
}

void listener::resume() noexcept {
    if (is_submitted() || retry_.is_pending()) return;
    try {
        loop_.operations().submit(*this);
    } catch (...) {  // not even that: later
        pause();
    }
}

void listener::pause() noexcept { loop_.add_timer(retry_, deadline_after(loop_.now(), pause_without_descriptors)); }

address listener::local() const { return local_address(fd); }

void listener::completed(operation& op, const completion& c) {
    auto& self = static_cast<listener&>(op);
    if (c.result >= 0) {
        self.said_ = false;
        return self.sink_.on_accepted(self, unique_fd(c.result));
    }
    self.pause();
    if (!std::exchange(self.said_, true)) {  // last: the handler may close the server
        report(self.loop_, "cannot accept connections for now: pausing 100 ms at a time", made_by([&] {
                   return std::system_error(-c.result, std::generic_category(),
                                            "accept on " + self.local().to_string());
               }));
    }
}

}  // namespace weft::inline v0
