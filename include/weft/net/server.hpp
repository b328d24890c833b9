// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/io/stream.hpp>
#include <weft/tls/tls_context.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::inline v0 {

class server_core;

struct server_options {
    /// How many bytes are buffered for a reader, and how far a delimiter may be (see stream).
    std::size_t limit = 64 * 1024;
    /// How many connections the kernel keeps for us until we accept them.
    int backlog = 1024;
    /// Share the port with other servers, this process's or another's (SO_REUSEPORT).
    bool reuse_port = false;
    /// Over TLS: a server's context. The handler is called after the handshake; one that fails is reported to the loop's
    /// exception handler and ends that connection only.
    std::optional<tls_context> tls = std::nullopt;
};

/// A server that accepts connections and runs a task for each. Destroying it closes it; the tasks run on.
/// When the process is out of descriptors it stops accepting for a tenth of a second at a time, says so once through the
/// loop's exception handler, and serves those it has.
/// @thread its loop's  @see asyncio.Server
class server {
public:
    explicit server(std::shared_ptr<server_core> core) noexcept;
    server(server&&) noexcept;
    server& operator=(server&&) noexcept;
    ~server();

    /// The port it listens on: what the kernel chose, if 0 was asked for.
    std::uint16_t port() const;
    std::vector<address> addresses() const;
    bool is_serving() const noexcept;
    /// Connections whose handler has not ended.
    std::size_t connections() const noexcept;

    /// Stops accepting. Connections go on. Idempotent.
    void close() noexcept;
    /// Waits until it is closed and the handler of every connection has ended.
    task<> wait_closed();
    /// Cancels the handler of every connection: each gets a cancelled_error where it waits.
    void cancel_connections();
    /// Serves until cancelled or closed: then it stops accepting, waits for the handlers, and returns. A second
    /// cancellation does not wait and is thrown.
    task<> serve_forever();

private:
    server_core& core() const;
    std::shared_ptr<server_core> core_;
};

/// What a handler is kept as: for as long as the server or one of its connections lives.
using connection_handler = std::move_only_function<task<>(stream)>;

task<server> start_server_with(connection_handler handler, std::string host, std::uint16_t port,
                               server_options options);

/// Listens on TCP and runs `handler(stream)` as a task for each connection. What a handler throws goes to the loop's
/// exception handler and ends its connection only.
/// @param handler  called as `task<> handler(stream)`; kept alive, captures and all, until the last connection has ended
/// @param host  an IPv4 or IPv6 address, "localhost" (IPv4), or empty for every address of the machine
/// @param port  0: the kernel chooses; see server::port
/// @throws std::system_error naming the address (address_in_use, permission_denied); std::invalid_argument  a host that
///         is no address
/// @see asyncio.start_server
template <class Handler>
    requires std::is_invocable_r_v<task<>, std::decay_t<Handler>&, stream>
task<server> start_server(Handler&& handler, std::string host, std::uint16_t port, server_options options = {}) {
    return start_server_with(connection_handler(std::forward<Handler>(handler)), std::move(host), port, options);
}

}  // namespace weft::inline v0
