// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/io/protocol.hpp>
#include <weft/io/stream.hpp>
#include <weft/io/transport.hpp>

#include <concepts>
#include <memory>
#include <type_traits>

namespace weft::inline v0 {

/// Goes on with a stream by callbacks, whatever carries it: what was written is sent first, what was received and not
/// read is the protocol's. Ends when connection_made() has been called.
/// @param s  open in at least one direction; nobody reads from it
/// @throws invalid_state_error  the stream is closed, or a task reads from it; std::system_error  what was written could
///         not be sent; std::invalid_argument  no protocol
/// @cancel the connection is closed   @thread the loop's
/// @see loop.connect_accepted_socket, loop.connect_read_pipe
task<transport> connect_protocol(stream s, std::shared_ptr<protocol> p);
task<transport> connect_protocol(stream s, std::shared_ptr<buffered_protocol> p);

/// As connect_protocol(), and waits until connection_lost() has been called.
/// @cancel the connection is aborted
task<> serve_protocol(stream s, std::shared_ptr<protocol> p);
task<> serve_protocol(stream s, std::shared_ptr<buffered_protocol> p);

/// A callable that makes a protocol for each connection, and gives a std::shared_ptr or std::unique_ptr to it.
template <class F>
concept protocol_factory = requires(F& f) {
    typename std::invoke_result_t<F&>::element_type;
    requires std::constructible_from<std::shared_ptr<protocol>, std::invoke_result_t<F&>> ||
                 std::constructible_from<std::shared_ptr<buffered_protocol>, std::invoke_result_t<F&>>;
};

/// What is on both sides of a connection's callbacks.
template <class P>
struct connected_protocol {
    using protocol_type = P;
    weft::transport transport;
    std::shared_ptr<P> protocol;
};
template <protocol_factory F>
using connected_by = connected_protocol<typename std::invoke_result_t<F&>::element_type>;

}  // namespace weft::inline v0
