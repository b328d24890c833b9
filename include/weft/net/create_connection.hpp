// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/io/as_text.hpp>
#include <weft/io/connect_protocol.hpp>
#include <weft/net/connection.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace weft::inline v0 {

/// Connects as open_connection() does, and talks by callbacks:
///
///     auto [transport, protocol] = co_await weft::create_connection(make_client, "127.0.0.1", 8888);
///
/// The factory is called once the connection stands; when this ends connection_made() has been called.
/// @throws what open_connection() and the factory throw   @cancel the connection is closed
/// @see loop.create_connection, examples/38_protocol.cpp
template <protocol_factory Factory>
task<connected_by<Factory>> create_connection(Factory factory, std::string host, std::uint16_t port,
                                              connect_options options = {}) {
    stream s = co_await open_connection(std::move(host), port, std::move(options));
    connected_by<Factory> made;
    made.protocol = factory();
    made.transport = co_await connect_protocol(std::move(s), made.protocol);
    co_return made;
}

/// The same on a Unix socket. @see open_unix_connection, loop.create_unix_connection
template <protocol_factory Factory>
task<connected_by<Factory>> create_unix_connection(Factory factory, std::string path, connect_options options = {}) {
    stream s = co_await open_unix_connection(std::move(path), std::move(options));
    connected_by<Factory> made;
    made.protocol = factory();
    made.transport = co_await connect_protocol(std::move(s), made.protocol);
    co_return made;
}

}  // namespace weft::inline v0
