// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/stream_layer.hpp"
#include "loop/owned_operation.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/io/stream.hpp>
#include <weft/loop/event_loop.hpp>

#include <vector>

namespace weft::inline v0 {

/// What a descriptor under a pipe_layer is, for each wants its own system calls.
enum class pipe_kind : unsigned char {
    fifo,       ///< read(2), write(2)
    socket,     ///< recv(2), send(2)
    character,  ///< a terminal, say, or a FIFO open for both: read(2) when poll(2) says so; its flags are shared
};

/// One direction of a descriptor under a stream: an end of a pipe, or a socket or character device used as one.
/// For the direction that it has not got, reading is at its end at once, and writing is EBADF.
class pipe_layer final : public stream_layer {
public:
    enum class direction : unsigned char { in, out };

    /// @param fd  does not block, unless it is the read end of a pipe
    pipe_layer(event_loop& loop, unique_fd fd, direction d, pipe_kind k);
    ~pipe_layer() override;

    void receive(stream_sink& sink) override;
    void pause_receiving() noexcept override;
    bool can_receive() const noexcept override { return direction_ == direction::in; }
    void watch_reader() override;
    std::ptrdiff_t try_send(std::span<const std::byte> bytes) noexcept override;
    void send(std::span<const std::byte> bytes) override;
    std::uint64_t unsent() const noexcept override;
    void end() noexcept override;  ///< closes: that is how a pipe says it
    void reset() noexcept override {}
    native_handle descriptor() const noexcept override { return fd_.get(); }
    address peer() const override { return {}; }
    address local() const override { return {}; }
    const char* nameless_peer() const noexcept override;

private:
    void on_received(const completion& c);
    void on_readable(const completion&);
    void on_sent(const completion& c);
    void on_hang_up(const completion& c);
    /// In a later turn than it was asked for: a sink is not called from inside a call to the layer.
    void tell_of_end() { sink_->on_end(); }
    void close() noexcept;

    event_loop& loop_;
    unique_fd fd_;
    direction direction_;
    pipe_kind kind_;
    bool wanted_ = false;  // of a character device: the sink takes bytes
    stream_sink* sink_ = nullptr;
    owned_operation<receive_operation, pipe_layer, &pipe_layer::on_received> receive_;
    owned_operation<poll_operation, pipe_layer, &pipe_layer::on_readable> poll_;
    owned_operation<send_operation, pipe_layer, &pipe_layer::on_sent> send_;
    owned_operation<hang_up_operation, pipe_layer, &pipe_layer::on_hang_up> hang_up_;
    owned_timer<pipe_layer, &pipe_layer::tell_of_end> ending_;
};

/// A stream over a descriptor of `kind`, as the constructor above. @throws std::system_error  the kernel cannot watch it
stream make_pipe_stream(event_loop& loop, unique_fd fd, pipe_layer::direction d, pipe_kind kind, std::size_t limit);

/// @throws std::system_error  naming `who`
void make_nonblocking(native_handle fd, const char* who);

}  // namespace weft::inline v0
