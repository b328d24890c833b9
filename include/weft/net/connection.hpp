// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/coro/task.hpp>
#include <weft/io/stream.hpp>
#include <weft/tls/tls_context.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace weft::inline v0 {

struct connect_options {
    /// How many bytes are buffered for a reader, and how far a delimiter may be (see stream).
    std::size_t limit = 64 * 1024;
    /// Where to connect from; port 0 for any.
    std::optional<address> local = std::nullopt;
    /// For the whole of connecting. Empty: as long as the kernel tries.
    std::optional<std::chrono::nanoseconds> timeout = std::nullopt;
    /// Over TLS: a client's context. The server's certificate must be for `server_hostname`, else for the host.
    std::optional<tls_context> tls = std::nullopt;
    std::string server_hostname = {};
};

/// Connects to a TCP server. Nagle's algorithm is off.
/// @param host  an IPv4 or IPv6 address, or "localhost"
/// @throws std::system_error naming the address; std::invalid_argument: a host that is neither; timeout_error
/// @cancel the attempt is given up and its socket closed   @thread the loop's
/// @see connect(2), asyncio.open_connection
task<stream> open_connection(std::string host, std::uint16_t port, connect_options options = {});

}  // namespace weft::inline v0
