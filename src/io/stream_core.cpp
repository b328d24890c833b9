// SPDX-License-Identifier: Apache-2.0
#include "io/stream_core.hpp"

#include "io/connection_link.hpp"

#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

stream_core::stream_core(event_loop& loop, std::unique_ptr<stream_layer> layer, const stream_limits& limits)
    : loop_(loop),
      layer_(std::move(layer)),
      input_(*loop.buffers()),
      pending_(*loop.buffers()),
      sending_(*loop.buffers()),
      read_limit_(bounded(limits.read_bytes)),
      write_high_(bounded(limits.write_high_bytes)),
      write_low_(bounded(limits.write_low_bytes)),
      peer_(layer_->peer()),
      nameless_peer_(layer_->nameless_peer()) {
    loop_.attach(*this);
    receive_as_needed();
}

stream_core::~stream_core() {
    shut();
    drop_viewed();
}

// Input

void stream_core::settle_lent() noexcept {
    if (is_viewed_ || keeps_viewed_) consume(std::exchange(lent_, 0));
}

void stream_core::consume(std::size_t count) noexcept {
    drop_viewed();
    input_.consume(count);
    receive_as_needed();
}

/// For what comes next. A view lasts until the next read: what there is no room for beside it goes into another block.
/// @throws std::bad_alloc
void stream_core::make_room(std::size_t more) {
    if (input_.room().size() >= more) return;
    if (!is_viewed_ && !keeps_viewed_) return input_.reserve(more);
    const auto unread = input_.bytes().subspan(lent_);
    byte_buffer roomier(*loop_.buffers());
    byte_buffer::block viewed{};
    roomier.reserve(sizeof viewed + 2 * unread.size() + more);
    roomier.append(std::as_bytes(std::span(&viewed, 1)));
    roomier.append(unread);
    const byte_buffer::block old = input_.release();
    byte_buffer::block next = roomier.release();
    if (is_viewed_) {
        std::memcpy(next.data, &old, sizeof old);
    } else {
        std::memcpy(next.data, old.data, sizeof viewed);
        loop_.buffers()->release(old.data, old.capacity);
    }
    next.begin = sizeof viewed;
    input_.adopt(next);
    lent_ = 0;
    is_viewed_ = false;
    keeps_viewed_ = true;
}

void stream_core::drop_viewed() noexcept {
    is_viewed_ = false;
    if (!keeps_viewed_) return;
    keeps_viewed_ = false;
    const byte_buffer::block current = input_.release();
    byte_buffer::block viewed;
    std::memcpy(&viewed, current.data, sizeof viewed);
    loop_.buffers()->release(viewed.data, viewed.capacity);
    input_.adopt(current);
    if (input_.empty()) input_.clear();
}

/// All that is buffered, with its memory.
chunk stream_core::take_chunk() noexcept {
    chunk out;
    if (input_.empty()) return out;
    drop_viewed();
    const auto block = input_.release();
    out.pool_ = loop_.buffers();
    out.data_ = block.data;
    out.capacity_ = block.capacity;
    out.begin_ = block.begin;
    out.end_ = block.end;
    receive_as_needed();
    return out;
}

void stream_core::set_reader(input_awaiter* r) {
    reader_ = r;
    reader_is_woken_ = false;
    receive_as_needed();
}

/// Receives while less than twice the limit is buffered, or the reader that waits wants more than there is.
void stream_core::receive_as_needed() {
    if (!receives()) return;
    const bool wanted = (waiting_reader() && !closing_) || input_.size() < 2 * std::size_t{read_limit_};
    if (wanted == receiving_) return;
    receiving_ = wanted;
    if (!wanted) return layer_->pause_receiving();
    try {
        layer_->receive(*this);
    } catch (...) {  // there is no room for it
        on_receive_error(refusal());
    }
}

/// Fewer bytes than these are cheaper copied into a block that fits them.
constexpr std::size_t worth_a_block = 2048;

void stream_core::on_bytes(byte_buffer& bytes) {
    if (closing_ || read_error_) return;
    try {
        // The whole block, if somebody is about to read it, or it would not be held for a few bytes.
        const input_awaiter* const reader = waiting_reader();
        if (input_.empty() && reader && (reader->request_.whole || bytes.size() >= worth_a_block)) {
            input_.swap(bytes);
        } else {
            make_room(bytes.size());
            input_.append(bytes.bytes());
        }
    } catch (const std::bad_alloc&) {
        layer_->pause_receiving();
        return on_receive_error(ENOMEM);
    }
    wake_reader_if_satisfied();
    receive_as_needed();
}

std::span<std::byte> stream_core::room(std::size_t bytes) {
    if (closing_ || read_error_) return {};
    make_room(bytes);
    return input_.room();
}

void stream_core::on_filled(std::size_t count) {
    input_.added(count);
    if (input_.empty() && !keeps_viewed_) input_.clear();
    wake_reader_if_satisfied();
    receive_as_needed();
}

void stream_core::on_end() {
    // A send that failed has taken the socket's error with it: what is left of a reset looks like an end.
    if (output_lost_) return on_receive_error(write_error_);
    ended_ = true;
    receiving_ = false;
    wake_reader_if_satisfied();
    tell_end_watches();
}

void stream_core::on_receive_error(int error) {
    read_error_ = error;
    receiving_ = false;
    if (!write_error_) {  // a reset ends both directions
        output_lost_ |= !files_.empty();
        fail_output(error);
    }
    wake_reader_if_satisfied();
    tell_end_watches();
    // Closing may have waited for a file of which nothing is sent any more. Last: it may destroy this.
    if (closing_ && !is_sending_) after_output();
}

void stream_core::on_failure(const std::exception_ptr& why) {
    if (!failure_) failure_ = why;
    on_receive_error(EPROTO);
}

void stream_core::tell_end_watches() {
    for (stream_link& l : links_) {
        if (l.purpose_ != stream_link::purpose::input_end) continue;
        if (auto ended = std::exchange(static_cast<end_watch&>(l).ended_, nullptr)) ended();
    }
}

void stream_core::wake_reader_if_satisfied() {
    if (input_awaiter* const r = waiting_reader(); r && r->satisfied()) wake_reader();
}

void stream_core::wake_reader() noexcept {
    if (!waiting_reader()) return;
    reader_is_woken_ = true;
    reader_->wake();
}

void stream_core::throw_error(const char* what, int error) const {
    if (error == EPROTO && failure_) rethrow_kept(failure_, this);
    throw std::system_error(error, std::generic_category(), std::string(what) + peer_name());
}

void stream_core::throw_read_error() const { throw_error("read from ", read_error_ ? read_error_ : EBADF); }

// Ending

void stream_core::close() {
    if (closing_) return;
    if (!layer_) return shut();  // it was taken
    closing_ = true;
    if (receiving_) {
        receiving_ = false;
        layer_->pause_receiving();
    }
    wake_reader_if_satisfied();
    layer_->begin_to_finish();
    if (is_flushed() || write_error_) return finish();
    expect_output();
}

void stream_core::close_from_outside() {
    if (closing_) return;
    ended_ |= !read_error_;
    close();
}

/// Nothing is left to be sent: the layer takes its leave, and goes.
void stream_core::finish() noexcept {
    if (finishing_) return;
    finishing_ = true;
    if (!layer_ || output_lost_ || layer_->finish()) shut();
}

void stream_core::on_finished(int error) {
    if (error && !write_error_) fail_output(error);
    shut();
    if (ownerless_) delete this;
}

void stream_core::abort(int error) noexcept {
    closing_ = true;
    if (!write_error_) fail_output(error);
    if (!read_error_) read_error_ = error;
    if (layer_) layer_->reset();
    shut();
}

/// Closes the connection and wakes everybody.
void stream_core::shut() noexcept {
    closing_ = true;
    receiving_ = is_sending_ = false;
    give_up_files(write_error_ ? write_error_ : ECONNABORTED);
    if (layer_ && output_lost_) layer_->reset();  // the peer must not take what it has got for all
    layer_.reset();
    files_.clear();
    sending_.clear();
    pending_.clear();
    wake_reader();
    wake_writers();
}

std::unique_ptr<stream_layer> stream_core::take_layer() noexcept {
    expect_output();
    receiving_ = false;
    return std::move(layer_);
}

void stream_core::hand_over_to(transport_core& t) noexcept {
    for (stream_link& l : links_) {
        if (l.purpose_ == stream_link::purpose::connection) static_cast<connection_link&>(l).hand_over_to(&t);
    }
}

void stream_core::put_layer(std::unique_ptr<stream_layer> layer) {
    layer_ = std::move(layer);
    receive_as_needed();
}

void stream_core::release() noexcept {
    // Awaiters live in coroutines that may outlive the stream (one task reads, another destroys).
    wake_reader();
    if (input_awaiter* const r = std::exchange(reader_, nullptr)) r->stream_ = nullptr;
    while (!links_.empty()) {
        stream_link& l = links_.pop_front();
        l.stream_ = nullptr;
        if (l.purpose_ >= stream_link::purpose::writable) static_cast<output_awaiter&>(l).wake();
    }
    drop_viewed();
    input_.clear();
    lent_ = 0;
    try {
        close();
    } catch (...) {
        shut();
    }
    if (!layer_) {
        delete this;
    } else {
        ownerless_ = true;
    }
}

void stream_core::loop_closes() noexcept {
    output_lost_ |= !is_flushed();
    if (!write_error_) fail_output(ECANCELED);
    if (!read_error_) read_error_ = ECANCELED;
    shut();
    input_.clear();  // the memory is the loop's
    if (ownerless_) delete this;
}

}  // namespace weft::inline v0
