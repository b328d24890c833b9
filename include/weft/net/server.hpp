// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/coro/immediate.hpp>
#include <weft/coro/task.hpp>
#include <weft/io/stream.hpp>
#include <weft/net/listen_fds.hpp>
#include <weft/net/resolve.hpp>
#include <weft/tls/tls_context.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::inline v0 {

class event_loop;
class server_core;

struct server_options {
    /// Over TLS: a server's context. The handler is called after the handshake; one that fails is reported to the loop's
    /// exception handler and ends that connection only.
    std::optional<tls_context> tls = std::nullopt;
    /// How many bytes are buffered for a reader, and how far a delimiter may be; 1 to 1 GiB, more counts as
    /// that (see stream).
    std::size_t limit = 64 * 1024;
    /// How many connections the kernel keeps for us until we accept them.
    int backlog = 1024;
    /// Share the port with other servers, this process's or another's (SO_REUSEPORT).
    bool reuse_port = false;
    /// Take a port of which only connections that have ended are left (SO_REUSEADDR).
    bool reuse_address = true;
    /// While so many are being served no more are accepted: they wait in the kernel's queue (see backlog). At least 1;
    /// empty: any number.
    std::optional<std::size_t> max_connections = std::nullopt;
    /// How long a drain waits for the handlers before it cancels them; it waits for them all the same. Empty: for ever.
    std::optional<std::chrono::nanoseconds> drain_timeout = std::nullopt;
    /// False: bound, but not listening until start_serving() or serve_forever().
    bool start_serving = true;
    /// Remove the file of a Unix socket when the server is closed, if it is still the same file.
    bool cleanup_socket = true;
    /// Which of a name's addresses to listen on.
    address_family family = address_family::any;
};

/// A server that accepts connections and runs a task for each. Destroying it closes it; the tasks run on. Moving it
/// disturbs nobody.
/// When the process is out of descriptors or the kernel of memory it stops accepting for a tenth of a second at a time, says
/// so once through the loop's exception handler, and serves those it has.
///
/// A context for `with`: left, it is closed and drained.
/// @thread its loop's  @see asyncio.Server
class server {
public:
    explicit server(std::shared_ptr<server_core> core) noexcept;
    server(server&&) noexcept;
    server& operator=(server&&) noexcept;
    ~server();

    /// The port it listens on: what the kernel chose, if 0 was asked for.
    /// @throws invalid_state_error  it is closed, or a Unix server
    std::uint16_t port() const;
    std::vector<address> addresses() const;
    /// The listening sockets, to be looked at: they remain the server's, and add_reader() refuses them.
    std::vector<native_handle> sockets() const;
    event_loop& get_loop() const;
    bool is_serving() const noexcept;
    /// Connections whose handler has not ended.
    std::size_t connections() const noexcept;

    /// Begins to accept, if it does not yet. @throws invalid_state_error  it is closed; std::system_error
    void start_serving();
    /// Stops accepting. Connections go on. Idempotent.
    void close() noexcept;
    /// Waits until it is closed and the handler of every connection has ended.
    task<> wait_closed();
    /// Cancels the handler of every connection: each gets a cancelled_error where it waits, and its stream goes with it.
    void cancel_connections();
    /// Closes the connections under their handlers or protocols, which go on. What is unsent is sent, a read finds the end of
    /// the stream behind what has come, a write is refused; a protocol's connection is lost without an error. No handshake
    /// is waited for: such a connection is dropped, as is one accepted that waits for room below max_connections.
    /// @see asyncio.Server.close_clients
    void close_clients();
    /// The same without sending what is unsent: whoever reads or writes gets std::system_error (connection_aborted), which a
    /// handler need not catch; the peer a reset. @see asyncio.Server.abort_clients
    void abort_clients();
    /// Serves until cancelled or closed: then it stops accepting, drains, and returns. To drain is to wait for the handlers,
    /// and to cancel them when drain_timeout is over. A second cancellation does not wait and is thrown.
    /// @throws awaited: invalid_state_error  it is closed, or destroyed before this began, or another task is here already
    task<> serve_forever();

    /// For `with`.
    immediate<server&> enter();
    task<> exit(std::exception_ptr error);

private:
    server_core& core() const;
    std::shared_ptr<server_core> core_;
};

/// What a handler is kept as: for as long as the server or one of its connections lives.
using connection_handler = std::move_only_function<task<>(stream)>;
template <class F>
concept handles_connections = std::is_invocable_r_v<task<>, std::decay_t<F>&, stream>;

task<server> start_server_with(connection_handler handler, std::vector<std::string> hosts, std::uint16_t port,
                               server_options options);
task<server> start_unix_server_with(connection_handler handler, std::string path, server_options options);
task<server> start_server_on_with(connection_handler handler, std::vector<listening_socket> sockets,
                                  server_options options);

/// Listens on TCP and runs `handler(stream)` as a task for each connection. What a handler throws goes to the loop's
/// exception handler and ends its connection only.
/// @param handler  called as `task<> handler(stream)`; kept alive, captures and all, until the last connection has ended
/// @param host  an address; a name, for all its addresses ("localhost": 127.0.0.1, and ::1 if the machine has it); or
///              empty for every address of the machine
/// @param port  0: the kernel chooses one, the same for all addresses; see server::port
/// @throws awaited: std::system_error naming the address (address_in_use, permission_denied); resolve_error;
///         std::invalid_argument  options that make no sense; a client's context
/// @see asyncio.start_server
template <handles_connections Handler>
task<server> start_server(Handler&& handler, std::string host, std::uint16_t port, server_options options = {}) {
    return start_server_with(connection_handler(std::forward<Handler>(handler)), {std::move(host)}, port, options);
}
/// On several hosts; an address that is meant twice is listened on once.
/// @throws std::invalid_argument  no host
template <handles_connections Handler>
task<server> start_server(Handler&& handler, std::vector<std::string> hosts, std::uint16_t port,
                          server_options options = {}) {
    return start_server_with(connection_handler(std::forward<Handler>(handler)), std::move(hosts), port, options);
}
template <handles_connections Handler>
task<server> start_server(Handler&& handler, std::initializer_list<std::string_view> hosts, std::uint16_t port,
                          server_options options = {}) {
    std::vector<std::string> all(hosts.begin(), hosts.end());
    if (all.empty()) all.emplace_back();  // {}: as ""
    return start_server_with(connection_handler(std::forward<Handler>(handler)), std::move(all), port, options);
}

/// Listens on a Unix socket. A socket that is there already is removed first, as asyncio does; any other file is not.
/// @param path  of at most 107 bytes; if it begins with '@' or a NUL byte, an abstract name
/// @throws awaited: std::system_error naming the path (address_in_use, permission_denied, filename_too_long);
///         std::invalid_argument  an empty path, a NUL byte within
/// @see unix(7), asyncio.start_unix_server, examples/26_unix_socket.cpp
template <handles_connections Handler>
task<server> start_unix_server(Handler&& handler, std::string path, server_options options = {}) {
    return start_unix_server_with(connection_handler(std::forward<Handler>(handler)), std::move(path), options);
}

/// Serves on sockets that are bound already: those of listen_fds(), or one's own. What does not listen yet is told to, and
/// the file of a Unix socket is left alone.
/// @throws awaited: std::invalid_argument  no socket, or something else than a stream socket; invalid_state_error
///         add_reader() or add_writer() watches one, and no more then
template <handles_connections Handler>
task<server> start_server_on(Handler&& handler, std::vector<listening_socket> sockets, server_options options = {}) {
    return start_server_on_with(connection_handler(std::forward<Handler>(handler)), std::move(sockets), options);
}
template <handles_connections Handler>
task<server> start_server_on(Handler&& handler, unique_fd socket, server_options options = {}) {
    std::vector<listening_socket> sockets;
    sockets.push_back({.fd = std::move(socket)});
    return start_server_on_with(connection_handler(std::forward<Handler>(handler)), std::move(sockets), options);
}

}  // namespace weft::inline v0
