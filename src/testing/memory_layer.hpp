// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"
#include "io/stream_layer.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/timer_queue.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace weft::inline v0 {

/// One end of a connection without a kernel. The ends know each other; whatever is to be told to a sink is told by a timer
/// that is due at once.
class memory_layer final : public stream_layer {
public:
    static std::pair<std::unique_ptr<memory_layer>, std::unique_ptr<memory_layer>> make_pair(event_loop& loop,
                                                                                             std::size_t capacity);
    memory_layer(event_loop& loop, std::size_t capacity);
    ~memory_layer() override;

    void receive(stream_sink& sink) override;
    void pause_receiving() noexcept override { wants_ = false; }
    std::ptrdiff_t try_send(std::span<const std::byte> bytes) noexcept override;
    void send(std::span<const std::byte> bytes) override;
    std::uint64_t unsent() const noexcept override { return unsent_.size(); }
    void end() noexcept override;
    void reset() noexcept override { reset_ = true; }
    address peer() const override { return {}; }
    const char* nameless_peer() const noexcept override { return "a stream in memory"; }
    address local() const override { return {}; }

private:
    void schedule() noexcept;
    void tell();

    event_loop& loop_;
    std::size_t capacity_;
    memory_layer* peer_ = nullptr;  // null once that is destroyed
    stream_sink* sink_ = nullptr;
    byte_buffer arrived_;  // of at most capacity_ bytes
    std::span<const std::byte> unsent_;  // of a send() that waits for room there
    bool sending_ = false;
    bool wants_ = false, ended_ = false, broken_ = false;  // broken_: the peer has reset the connection
    bool reset_ = false;
    owned_timer<memory_layer, &memory_layer::tell> due_;
};

}  // namespace weft::inline v0
