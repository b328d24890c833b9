// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/stream_layer.hpp"
#include "loop/backend.hpp"

#include <weft/base/unique_fd.hpp>

#include <cstdint>

namespace weft::inline v0 {

/// Has closing a socket drop what is unsent, and its peer get a reset.
void reset_at_close(native_handle socket) noexcept;

/// A connected stream socket under a stream. It is its two operations: a completion finds the layer without a pointer back.
class socket_layer final : public stream_layer, receive_operation, send_operation {
public:
    /// @param socket  taken by this alone: while there is no layer, whoever submitted operations for it closes it
    /// @throws std::bad_alloc  it has not been taken
    socket_layer(backend& b, unique_fd&& socket);
    ~socket_layer() override;

    void receive(stream_sink& sink) override;
    void pause_receiving() noexcept override;
    std::ptrdiff_t try_send(std::span<const std::byte> bytes) noexcept override;
    std::ptrdiff_t try_send_pieces(std::span<const std::span<const std::byte>> pieces) noexcept override;
    void send(std::span<const std::byte> bytes) override;
    void send_quietly(std::span<const std::byte> bytes) override;
    void expect_sent() noexcept override;
    void end() noexcept override;
    void reset() noexcept override;
    std::uint64_t unsent() const noexcept override;
    native_handle socket() const noexcept override { return socket_.get(); }
    address peer() const override;
    address local() const override;
    /// Clients on Unix sockets mostly have no name.
    const char* nameless_peer() const noexcept override { return "a socket without a name"; }

private:
    receive_operation& receiving() noexcept { return *this; }
    send_operation& sending() noexcept { return *this; }
    void start_sending(std::span<const std::byte> bytes, bool quietly);
    static void received(operation& op, const completion& c);
    static void sent(operation& op, const completion& c);

    backend& backend_;
    unique_fd socket_;
    stream_sink* sink_ = nullptr;
};

}  // namespace weft::inline v0
