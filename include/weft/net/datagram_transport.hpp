// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/io/address.hpp>
#include <weft/io/transport.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace weft::inline v0 {

class datagram_protocol;
class datagram_transport_core;

/// What a datagram protocol sends by. A handle, to be copied like a pointer, as transport is.
/// @thread its loop's  @see asyncio.DatagramTransport
class datagram_transport {
public:
    datagram_transport() noexcept = default;
    explicit datagram_transport(std::shared_ptr<datagram_transport_core> core) noexcept : core_(std::move(core)) {}
    explicit operator bool() const noexcept { return core_ != nullptr; }
    bool operator==(const datagram_transport&) const = default;

    /// Sends one datagram: at once, unless the kernel has as much as it takes; then it is copied and sent in the background,
    /// and the protocol's pause_writing() may be called. If it cannot be sent, error_received() is told, perhaps before
    /// this returns. After close() it is sent behind what is unsent still; when nothing is, or after abort(), it is dropped.
    /// @param to  an IPv4 or IPv6 address or "localhost" (127.0.0.1), no other name; of a Unix socket, a path; of a
    ///     connected endpoint, its peer
    /// @throws std::invalid_argument  `to` is no address, or not the peer; std::bad_alloc: nothing was sent
    void send_to(std::span<const std::byte> bytes, const address& to) const;
    void send_to(std::string_view text, const address& to) const { send_to(std::as_bytes(std::span(text)), to); }
    /// To the peer of a connected endpoint. @throws std::invalid_argument  it has none
    void send(std::span<const std::byte> bytes) const;
    void send(std::string_view text) const { send(std::as_bytes(std::span(text))); }

    /// Bytes not yet given to the kernel, with 8 for the header of each datagram.
    std::size_t get_write_buffer_size() const noexcept;
    write_buffer_limits get_write_buffer_limits() const;
    /// @see transport::set_write_buffer_limits
    void set_write_buffer_limits(std::optional<std::size_t> high_bytes = std::nullopt,
                                 std::optional<std::size_t> low_bytes = std::nullopt) const;

    /// Receives no more, sends what is left, then closes; connection_lost(nullptr) follows.
    void close() const;
    /// Closes now, dropping what is unsent; connection_lost(nullptr) follows.
    void abort() const;
    bool is_closing() const noexcept;
    /// Waits until connection_lost() has been called.
    transport_awaiter wait_closed() const;

    /// @throws std::invalid_argument  null
    void set_protocol(std::shared_ptr<datagram_protocol> p) const;
    std::shared_ptr<base_protocol> get_protocol() const;

    /// What it is connected to; empty: nothing, or somebody without a name (see socketpair(2)).
    address peer() const;
    /// What it is bound to; empty once it is closed.
    address local() const;
    /// For setsockopt(2) and the like; it remains the transport's. @return -1: it is closed, or this is empty
    native_handle descriptor() const noexcept;

private:
    datagram_transport_core& core() const;
    std::shared_ptr<datagram_transport_core> core_;
};

}  // namespace weft::inline v0
