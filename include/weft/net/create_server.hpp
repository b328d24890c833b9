// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/io/as_text.hpp>
#include <weft/io/connect_protocol.hpp>
#include <weft/net/server.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// What start_server() and its like take, of a factory of protocols.
template <protocol_factory Factory>
auto protocol_handler(Factory&& factory) {
    return [make = std::forward<Factory>(factory)](stream s) mutable -> task<> {
        std::shared_ptr<typename connected_by<std::decay_t<Factory>>::protocol_type> made = make();
        return serve_protocol(std::move(s), std::move(made));
    };
}

/// Listens as start_server() does, and has a new protocol called back for each connection:
///
///     auto server = co_await weft::create_server([] { return std::make_unique<echo>(); }, "127.0.0.1", 8888);
///
/// A connection counts as served until connection_lost() has been called; server::cancel_connections() aborts it.
/// @param factory  kept alive until the last connection has ended. What it throws goes to the loop's exception handler and
///                 ends that connection only
/// @see loop.create_server, examples/38_protocol.cpp
template <protocol_factory Factory>
task<server> create_server(Factory&& factory, std::string host, std::uint16_t port, server_options options = {}) {
    return start_server(protocol_handler(std::forward<Factory>(factory)), std::move(host), port, std::move(options));
}
template <protocol_factory Factory>
task<server> create_server(Factory&& factory, std::vector<std::string> hosts, std::uint16_t port,
                           server_options options = {}) {
    return start_server(protocol_handler(std::forward<Factory>(factory)), std::move(hosts), port, std::move(options));
}
template <protocol_factory Factory>
task<server> create_server(Factory&& factory, std::initializer_list<std::string_view> hosts, std::uint16_t port,
                           server_options options = {}) {
    return start_server(protocol_handler(std::forward<Factory>(factory)), hosts, port, std::move(options));
}

/// The same on a Unix socket. @see start_unix_server, loop.create_unix_server
template <protocol_factory Factory>
task<server> create_unix_server(Factory&& factory, std::string path, server_options options = {}) {
    return start_unix_server(protocol_handler(std::forward<Factory>(factory)), std::move(path), std::move(options));
}

}  // namespace weft::inline v0
