// SPDX-License-Identifier: Apache-2.0
#include "io/socket_address.hpp"
#include "io/socket_layer.hpp"
#include "io/stream_core.hpp"
#include "net/socket.hpp"

#include <weft/flow/wait_for.hpp>
#include <weft/net/connection.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <system_error>

namespace weft::inline v0 {

namespace {

/// A socket that operations are submitted for: closed by the backend, which has to forget it.
class registered_socket {
public:
    registered_socket(backend& b, unique_fd fd) noexcept : backend_(b), fd_(std::move(fd)) {}
    registered_socket(const registered_socket&) = delete;
    registered_socket& operator=(const registered_socket&) = delete;
    ~registered_socket() {
        if (fd_) backend_.close(fd_.release());
    }
    native_handle get() const noexcept { return fd_.get(); }
    unique_fd take() noexcept { return std::move(fd_); }

private:
    backend& backend_;
    unique_fd fd_;
};

/// Suspends a task until a socket is connected, has failed to, or the time is up.
class connect_awaiter : public waiter {
public:
    connect_awaiter(event_loop& loop, int fd, const socket_address& to, nanos timeout)
        : waiter(kind_), loop_(loop), operation_(*this), timer_(*this), timeout_(timeout) {
        operation_.fd = fd;
        operation_.address = to.storage;
        operation_.address_bytes = to.bytes;
    }
    ~connect_awaiter() { loop_.operations().cancel(operation_); }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!this->suspend(h)) return false;
        loop_.operations().submit(operation_);
        if (timeout_ != never) loop_.add_timer(timer_, deadline_after(loop_.now(), timeout_));
        return true;
    }
    /// @return 0 or an errno
    int await_resume() {
        this->resumed();
        return result_;
    }

private:
    struct connecting : connect_operation {
        explicit connecting(connect_awaiter& a) noexcept : connect_operation(completed), owner(a) {}
        static void completed(operation& op, const completion& c) { static_cast<connecting&>(op).owner.end(-c.result); }
        connect_awaiter& owner;
    };
    struct own_timer : timer_node {
        explicit own_timer(connect_awaiter& a) noexcept : timer_node(fired), owner(a) {}
        static void fired(timer_node& t) { static_cast<own_timer&>(t).owner.end(ETIMEDOUT); }
        connect_awaiter& owner;
    };
    void end(int result) {
        result_ = result;
        loop_.operations().cancel(operation_);
        timer_.unlink();
        this->wake();
    }
    static const wait_kind kind_;

    event_loop& loop_;
    connecting operation_;
    own_timer timer_;
    nanos timeout_;
    int result_ = 0;
};

const wait_kind connect_awaiter::kind_ = {
    .name = "connect",
    .cancel =
        [](waiter& w) {
            static_cast<connect_awaiter&>(w).end(ECANCELED);
            return false;
        },
};

}  // namespace

task<stream> open_connection(std::string host, std::uint16_t port, connect_options options) {
    event_loop& loop = get_running_loop();
    const socket_address to = numeric_address("open_connection", host, port);
    registered_socket socket(loop.operations(), make_tcp_socket(to.storage.ss_family));
    set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1, "open_connection: TCP_NODELAY");
    if (options.local) {
        const socket_address from = numeric_address("open_connection", options.local->host, options.local->port);
        if (::bind(socket.get(), from.get(), from.bytes) != 0) {
            throw std::system_error(errno, std::generic_category(), "bind " + options.local->to_string());
        }
    }
    const nanos timeout = options.timeout ? to_nanos(*options.timeout) : never;
    const nanos deadline = deadline_after(loop.now(), timeout);
    if (const int error = co_await connect_awaiter(loop, socket.get(), to, timeout)) {
        const std::string what = "connect to " + to_address(to.storage, to.bytes).to_string();
        if (error == ETIMEDOUT && options.timeout) throw timeout_error(what + ": timed out");
        throw std::system_error(error, std::generic_category(), what);
    }
    stream s(std::make_unique<stream_core>(loop, std::make_unique<socket_layer>(loop.operations(), socket.take()),
                                           stream_limits{.read_bytes = options.limit}));
    if (options.tls) {
        if (options.server_hostname.empty()) options.server_hostname = host;
        auto handshake = s.start_tls(std::move(*options.tls), {.server_hostname = std::move(options.server_hostname)});
        if (timeout == never) {
            co_await std::move(handshake);
        } else {
            const std::string what = "TLS handshake with " + s.peer().to_string() + ": timed out";
            try {
                co_await wait_for(std::move(handshake), std::chrono::nanoseconds(deadline - loop.now()));
            } catch (const timeout_error&) {
                if (loop.now() < deadline) throw;  // the context's own timeout
                throw timeout_error(what);
            }
        }
    }
    co_return s;
}

}  // namespace weft::inline v0
