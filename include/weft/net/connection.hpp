// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/coro/task.hpp>
#include <weft/io/stream.hpp>
#include <weft/net/connect_error.hpp>
#include <weft/net/resolve.hpp>
#include <weft/tls/tls_context.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace weft::inline v0 {

struct connect_options {
    /// Over TLS: a client's context. The server's certificate must be for `server_hostname`, else for the host, which a Unix
    /// socket has not. Letters other than ASCII's are to be given in their IDNA form ("xn--…").
    std::optional<tls_context> tls = std::nullopt;
    std::string server_hostname = {};
    /// How many bytes are buffered for a reader, and how far a delimiter may be; 1 to 1 GiB, more counts as
    /// that (see stream).
    std::size_t limit = 64 * 1024;
    /// Where to connect from; port 0 for any. (A Unix socket's path is the host.)
    std::optional<address> local = std::nullopt;
    /// For the whole of connecting, looking the name up included. Empty: as long as resolver and kernel try.
    std::optional<std::chrono::nanoseconds> timeout = std::nullopt;
    /// How long an address has before the next is tried as well, the two families taking turns; one that fails is
    /// followed at once. Empty: one after the other, in the resolver's order. @see RFC 8305
    std::optional<std::chrono::nanoseconds> happy_eyeballs_delay = std::chrono::milliseconds(250);
    /// Which of a name's addresses to try.
    address_family family = address_family::any;
};

/// Connects to a TCP server: to the first address of `host` that answers, the other attempts being given up. Nagle's
/// algorithm is off.
/// @param host  a name, an IPv4 or IPv6 address, or "localhost" (see resolve)
/// @throws connect_error, a std::system_error, naming each address and why it failed; resolve_error; timeout_error;
///         std::invalid_argument: an empty host, a limit of 0; a server's context; a server_hostname without tls, or that
///         can be no host's (".example.org"). Nothing was tried then
/// @cancel all attempts are given up and their sockets closed   @thread the loop's
/// @see connect(2), asyncio.open_connection, examples/25_happy_eyeballs.cpp
task<stream> open_connection(std::string host, std::uint16_t port, connect_options options = {});

/// A stream on a socket that is connected already: one of socketpair(2), or handed over by somebody else.
/// @param options  their limit, TLS and timeout are what counts here
/// @throws std::invalid_argument: it is no stream socket; a server's context, or no server_hostname for one that
///         verifies; std::system_error (not_connected); invalid_state_error: add_reader() or add_writer() watches it,
///         and no more then
task<stream> open_connection(unique_fd connected, connect_options options = {});

/// Connects to a server on a Unix socket. A full queue of the server's is waited for.
/// @param path  of at most 107 bytes, relative to the working directory; if it begins with '@' or a NUL byte, an abstract name
/// @throws connect_error, a std::system_error naming the path; timeout_error; std::system_error (filename_too_long);
///         std::invalid_argument: an empty path, a NUL byte within; a server's context, or no server_hostname for one
///         that verifies
/// @cancel the attempt is given up and its socket closed
/// @see unix(7), asyncio.open_unix_connection, examples/26_unix_socket.cpp
task<stream> open_unix_connection(std::string path, connect_options options = {});

}  // namespace weft::inline v0
