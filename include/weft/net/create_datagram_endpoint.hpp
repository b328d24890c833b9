// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>
#include <weft/coro/task.hpp>
#include <weft/io/as_text.hpp>
#include <weft/net/datagram_protocol.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

struct datagram_endpoint_options {
    /// What to be bound to; an empty host: every IPv4 address of the machine ("::": every IPv6 one); port 0: the kernel chooses, see
    /// datagram_transport::local. One of these two is needed. Names are looked up.
    std::optional<address> local = std::nullopt;
    /// The one peer to send to and receive from; without one, anybody.
    std::optional<address> remote = std::nullopt;
    /// Allow sending to a broadcast address; else that is refused (permission_denied).
    bool allow_broadcast = false;
    /// Share the port with other sockets of the same user (SO_REUSEPORT).
    bool reuse_port = false;
};

struct unix_datagram_endpoint_options {
    /// The path to be bound to: a socket's file that is there is replaced, whoever has it, and nobody removes ours. One that begins
    /// with '@' or a NUL byte is abstract: no file. Without one the endpoint has no name, and cannot be answered.
    std::optional<std::string> local = std::nullopt;
    /// The one peer to send to and receive from; without one, anybody. One of these two is needed.
    std::optional<std::string> remote = std::nullopt;
};

/// A callable that gives a std::shared_ptr or std::unique_ptr to a datagram protocol.
template <class F>
concept datagram_protocol_factory = requires(F& f) {
    typename std::invoke_result_t<F&>::element_type;
    requires std::constructible_from<std::shared_ptr<datagram_protocol>, std::invoke_result_t<F&>>;
};

template <class P>
struct connected_datagram_protocol {
    datagram_transport transport;
    std::shared_ptr<P> protocol;
};

/// What a factory is called as, once, when there is a socket for its protocol. Of this header's own, as the three open_ functions
/// and connect_datagram_protocol() are.
using datagram_protocol_maker = std::move_only_function<std::shared_ptr<datagram_protocol>()>;

/// The endpoint that `open` opens, with the protocol that is made for it.
template <datagram_protocol_factory Factory, class Options>
task<connected_datagram_protocol<typename std::invoke_result_t<Factory&>::element_type>>
connect_datagram_protocol(Factory factory, task<datagram_transport> (*open)(datagram_protocol_maker, Options),
                          Options options) {
    connected_datagram_protocol<typename std::invoke_result_t<Factory&>::element_type> made;
    datagram_protocol_maker make = [&] { return made.protocol = factory(); };
    made.transport = co_await open(std::move(make), std::move(options));
    co_return made;
}

/// Opens a UDP socket. @throws std::system_error naming the address; resolve_error; std::invalid_argument  neither, or no
/// protocol; what `make` throws   @cancel the socket is closed
task<datagram_transport> open_datagram_endpoint(datagram_protocol_maker make, datagram_endpoint_options options);

/// Opens a UDP socket and has a protocol called back for what comes:
///
///     auto [transport, protocol] = co_await weft::create_datagram_endpoint(
///         [] { return std::make_unique<clock_protocol>(); }, {.local = weft::address{"127.0.0.1", 9000}});
///
/// The factory is called once the socket is open, after names were looked up; when this ends connection_made() has been
/// called. @see loop.create_datagram_endpoint
template <datagram_protocol_factory Factory>
auto create_datagram_endpoint(Factory factory, datagram_endpoint_options options) {
    return connect_datagram_protocol(std::move(factory), &open_datagram_endpoint, std::move(options));
}

/// Takes a socket that is there. @throws what create_datagram_endpoint() does   @cancel the socket is closed
task<datagram_transport> open_datagram_endpoint_on(datagram_protocol_maker make, unique_fd socket);

/// The same on a socket of one's own: bound, connected (then that is its peer), both, or neither, which will do to send. It
/// may be a Unix socket, whose file is left alone. Its options are to be set before.
/// @param socket  the endpoint's from the call on, also where that throws; made non-blocking
/// @throws awaited: std::invalid_argument  it is no socket, or one for streams; no protocol; invalid_state_error
///     add_reader() or add_writer() watches it, and no more then; what the factory throws   @cancel the socket is closed
/// @see loop.create_datagram_endpoint(sock=…)
template <datagram_protocol_factory Factory>
auto create_datagram_endpoint(Factory factory, unique_fd socket) {
    return connect_datagram_protocol(std::move(factory), &open_datagram_endpoint_on, std::move(socket));
}

/// Opens a Unix socket for datagrams. @throws std::system_error naming the path; std::invalid_argument  neither, no path, or
/// no protocol; what `make` throws   @cancel the socket is closed
task<datagram_transport> open_unix_datagram_endpoint(datagram_protocol_maker make,
                                                     unix_datagram_endpoint_options options);

/// The same between processes of this machine. The transport sends to paths: send_to(bytes, {path}).
/// @see loop.create_datagram_endpoint(family=AF_UNIX), unix(7)
template <datagram_protocol_factory Factory>
auto create_unix_datagram_endpoint(Factory factory, unix_datagram_endpoint_options options) {
    return connect_datagram_protocol(std::move(factory), &open_unix_datagram_endpoint, std::move(options));
}

}  // namespace weft::inline v0
