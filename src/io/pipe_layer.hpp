// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/stream_layer.hpp"
#include "loop/backend.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/io/stream.hpp>
#include <weft/loop/event_loop.hpp>

#include <vector>

namespace weft::inline v0 {

/// What a descriptor under a pipe_layer is, for each wants its own system calls.
enum class pipe_kind : unsigned char {
    fifo,       ///< read(2), write(2)
    socket,     ///< recv(2), send(2)
    character,  ///< a terminal, say: read(2) when poll(2) says so; its flags may be another process's too
};

/// One direction of a descriptor under a stream: an end of a pipe, or a socket or character device used as one.
/// For the direction that it has not got, reading is at its end at once, and writing is EBADF.
class pipe_layer final : public stream_layer {
public:
    enum class direction : unsigned char { in, out };

    /// @param fd  does not block, unless it is the read end of a pipe
    pipe_layer(event_loop& loop, unique_fd fd, direction d, pipe_kind k) noexcept;
    ~pipe_layer() override;

    void receive(stream_sink& sink) override;
    void pause_receiving() noexcept override;
    bool can_receive() const noexcept override { return direction_ == direction::in; }
    std::ptrdiff_t try_send(std::span<const std::byte> bytes) noexcept override;
    void send(std::span<const std::byte> bytes) override;
    void end() noexcept override;  ///< closes: that is how a pipe says it
    void reset() noexcept override {}
    address peer() const override { return {}; }
    address local() const override { return {}; }
    const char* nameless_peer() const noexcept override;

private:
    struct receiving : receive_operation {
        explicit receiving(pipe_layer& l) noexcept : receive_operation(completed), layer(l) {}
        static void completed(operation& op, const completion& c);
        pipe_layer& layer;
    };
    struct polling : poll_operation {
        explicit polling(pipe_layer& l) noexcept : poll_operation(completed), layer(l) {}
        static void completed(operation& op, const completion& c);
        pipe_layer& layer;
    };
    struct sending : send_operation {
        explicit sending(pipe_layer& l) noexcept : send_operation(completed), layer(l) {}
        static void completed(operation& op, const completion& c);
        pipe_layer& layer;
    };
    /// Tells of the end in a later turn: a sink is not called from inside a call to the layer.
    struct ending : timer_node {
        explicit ending(pipe_layer& l) noexcept : timer_node(fired), layer(l) {}
        static void fired(timer_node& t) { static_cast<ending&>(t).layer.sink_->on_end(); }
        pipe_layer& layer;
    };
    void read_when_ready();
    void close() noexcept;

    event_loop& loop_;
    unique_fd fd_;
    direction direction_;
    pipe_kind kind_;
    bool wanted_ = false;  // of a character device: the sink takes bytes
    stream_sink* sink_ = nullptr;
    receiving receive_;
    polling poll_;
    sending send_;
    ending ending_;
};

/// A stream over a descriptor of `kind`, as the constructor above. @throws std::system_error  the kernel cannot watch it
stream make_pipe_stream(event_loop& loop, unique_fd fd, pipe_layer::direction d, pipe_kind kind, std::size_t limit);

/// @throws std::system_error  naming `who`
void make_nonblocking(native_handle fd, const char* who);

}  // namespace weft::inline v0
