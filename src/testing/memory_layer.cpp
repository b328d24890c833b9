// SPDX-License-Identifier: Apache-2.0
#include "testing/memory_layer.hpp"

#include "io/stream_core.hpp"

#include <weft/testing/memory_stream_pair.hpp>

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>

namespace weft::inline v0 {

memory_layer::memory_layer(event_loop& loop, std::size_t capacity)
    : loop_(loop), capacity_(capacity), arrived_(*loop.buffers()), due_(*this) {}

std::pair<std::unique_ptr<memory_layer>, std::unique_ptr<memory_layer>> memory_layer::make_pair(event_loop& loop,
                                                                                                std::size_t capacity) {
    auto one = std::make_unique<memory_layer>(loop, capacity), other = std::make_unique<memory_layer>(loop, capacity);
    one->peer_ = other.get();
    other->peer_ = one.get();
    return {std::move(one), std::move(other)};
}

memory_layer::~memory_layer() {
    if (!peer_) return;
    peer_->peer_ = nullptr;
    (reset_ || !arrived_.empty() ? peer_->broken_ : peer_->ended_) = true;
    peer_->schedule();
}

void memory_layer::schedule() noexcept {
    if (sink_ && !due_.is_linked()) loop_.add_timer(due_, loop_.now());
}

void memory_layer::receive(stream_sink& sink) {
    sink_ = &sink;
    wants_ = true;
    schedule();
}

std::ptrdiff_t memory_layer::try_send(std::span<const std::byte> bytes) noexcept {
    if (broken_) return -ECONNRESET;
    if (!peer_) return -EPIPE;
    const std::size_t count = std::min(bytes.size(), capacity_ - peer_->arrived_.size());
    try {
        peer_->arrived_.append(bytes.first(count));
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }
    if (count > 0) peer_->schedule();
    return static_cast<std::ptrdiff_t>(count);
}

void memory_layer::send(std::span<const std::byte> bytes) {
    unsent_ = bytes;
    sending_ = true;
    schedule();
}

void memory_layer::end() noexcept {
    if (!peer_) return;
    peer_->ended_ = true;
    peer_->schedule();
}

/// One thing at a time, and last, for the sink may destroy this; the timer goes off again for the next.
void memory_layer::tell() {
    if (sending_) {
        const std::ptrdiff_t taken = try_send(unsent_);
        if (taken > 0) unsent_ = unsent_.subspan(static_cast<std::size_t>(taken));
        if (taken < 0 || unsent_.empty()) {
            sending_ = false;
            schedule();
            return sink_->on_sent(taken < 0 ? static_cast<int>(-taken) : 0);
        }
    }
    if (!wants_) return;
    if (!arrived_.empty()) {
        byte_buffer bytes(*loop_.buffers());
        bytes.swap(arrived_);
        if (peer_ && peer_->sending_) peer_->schedule();
        schedule();
        return sink_->on_bytes(bytes);
    }
    if (!broken_ && !ended_) return;
    wants_ = false;
    broken_ ? sink_->on_receive_error(ECONNRESET) : sink_->on_end();
}

namespace testing {

std::pair<stream, stream> memory_stream_pair(const memory_stream_options& options) {
    if (options.capacity == 0) throw std::invalid_argument("memory_stream_pair: a capacity of 0 carries nothing");
    event_loop& loop = get_running_loop();
    auto [one, other] = memory_layer::make_pair(loop, options.capacity);
    const stream_limits limits{.read_bytes = options.limit};
    stream first(std::make_unique<stream_core>(loop, std::move(one), limits));
    stream second(std::make_unique<stream_core>(loop, std::move(other), limits));
    return {std::move(first), std::move(second)};
}

}  // namespace testing
}  // namespace weft::inline v0
