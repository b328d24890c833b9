// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/stream_layer.hpp"
#include "loop/backend.hpp"

#include <weft/base/unique_fd.hpp>

namespace weft::inline v0 {

/// A connected stream socket under a stream.
class socket_layer final : public stream_layer {
public:
    socket_layer(backend& b, unique_fd socket) noexcept;
    ~socket_layer() override;

    void receive(stream_sink& sink) override;
    void pause_receiving() noexcept override;
    std::ptrdiff_t try_send(std::span<const std::byte> bytes) noexcept override;
    std::ptrdiff_t try_send_pieces(std::span<const std::span<const std::byte>> pieces) noexcept override;
    void send(std::span<const std::byte> bytes) override;
    void end() noexcept override;
    void reset() noexcept override;
    native_handle socket() const noexcept override { return socket_.get(); }
    address peer() const override;
    address local() const override;

private:
    struct receiving : receive_operation {
        explicit receiving(socket_layer& l) noexcept : receive_operation(completed), layer(l) {}
        static void completed(operation& op, const completion& c);
        socket_layer& layer;
    };
    struct sending : send_operation {
        explicit sending(socket_layer& l) noexcept : send_operation(completed), layer(l) {}
        static void completed(operation& op, const completion& c);
        socket_layer& layer;
    };

    backend& backend_;
    unique_fd socket_;
    stream_sink* sink_ = nullptr;
    receiving receive_;
    sending send_;
};

}  // namespace weft::inline v0
