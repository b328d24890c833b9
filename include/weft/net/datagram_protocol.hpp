// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/io/protocol.hpp>
#include <weft/net/datagram_transport.hpp>

#include <cstddef>
#include <exception>
#include <span>

namespace weft::inline v0 {

/// The callbacks of a socket that datagrams come to, to be derived from: connection_made(), then datagrams and errors,
/// then connection_lost(). What they throw goes to the loop's exception handler, and the endpoint goes on.
/// @see asyncio.DatagramProtocol, datagram_transport, create_datagram_endpoint
class datagram_protocol : public base_protocol {
public:
    /// The first call. @param t  to be kept, and sent by
    virtual void connection_made(datagram_transport t);
    /// One datagram, whole, unless error_received() was told right before that it is cut; perhaps without a single byte.
    /// @param data  valid during the call
    virtual void datagram_received(std::span<const std::byte> data, const address& from);
    /// A send or a receive failed: a std::system_error. connection_refused: nobody listens where this is connected to.
    /// message_size: what was sent is too long; or what comes next, more than 256 KiB by a Unix socket, is cut to that.
    /// not_enough_memory, or a std::bad_alloc: a datagram is lost to that.
    virtual void error_received(std::exception_ptr error);
};

}  // namespace weft::inline v0
