// SPDX-License-Identifier: Apache-2.0
#include "io/stream_core.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

stream_core::stream_core(event_loop& loop, std::unique_ptr<stream_layer> layer, const stream_limits& limits)
    : loop_(loop),
      layer_(std::move(layer)),
      limits_(limits),
      input_(*loop.buffers()),
      pending_(*loop.buffers()),
      sending_(*loop.buffers()),
      peer_(layer_->peer()) {
    loop_.attach(*this);
    receive_as_needed();
}

stream_core::~stream_core() { shut(); }

// Input

void stream_core::settle_lent() noexcept {
    if (const std::size_t count = std::exchange(lent_, 0)) consume(count);
}

void stream_core::consume(std::size_t count) noexcept {
    input_.consume(count);
    receive_as_needed();
}

/// All that is buffered, with its memory.
chunk stream_core::take_chunk() noexcept {
    chunk out;
    if (input_.empty()) return out;
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
    receive_as_needed();
}

/// Receives while less than twice the limit is buffered, or the reader that waits wants more than there is.
void stream_core::receive_as_needed() {
    if (!receives()) return;
    const bool wanted = (reader_ && !closing_) || input_.size() < 2 * limits_.read_bytes;
    if (wanted == receiving_) return;
    receiving_ = wanted;
    wanted ? layer_->receive(*this) : layer_->pause_receiving();
}

/// Fewer bytes than these are cheaper copied into a block that fits them.
constexpr std::size_t worth_a_block = 2048;

void stream_core::on_bytes(byte_buffer& bytes) {
    if (closing_) return;
    try {
        // The whole block, if somebody is about to read it, or it would not be held for a few bytes.
        if (input_.empty() && reader_ && (reader_->request_.whole || bytes.size() >= worth_a_block)) {
            input_.swap(bytes);
        } else {
            input_.append(bytes.bytes());
        }
    } catch (const std::bad_alloc&) {
        layer_->pause_receiving();
        return on_receive_error(ENOMEM);
    }
    wake_reader_if_satisfied();
    receive_as_needed();
}

void stream_core::on_end() {
    ended_ = true;
    receiving_ = false;
    wake_reader_if_satisfied();
}

void stream_core::on_receive_error(int error) {
    read_error_ = error;
    receiving_ = false;
    if (!write_error_) fail_output(error);  // a reset ends both directions
    wake_reader_if_satisfied();
}

void stream_core::wake_reader_if_satisfied() {
    if (reader_ && reader_->satisfied()) wake_reader();
}

void stream_core::wake_reader() noexcept {
    if (!reader_) return;
    woken_reader_ = std::exchange(reader_, nullptr);
    woken_reader_->wake();
}

void stream_core::throw_error(const char* what, int error) const {
    throw std::system_error(error, std::generic_category(), std::string(what) + peer_.to_string());
}

void stream_core::throw_read_error() const { throw_error("read from ", read_error_ ? read_error_ : EBADF); }

// Output

void stream_core::throw_write_error_if_any() const {
    if (write_error_) throw_error("write to ", write_error_);
}

void stream_core::require_writable() const {
    throw_write_error_if_any();
    if (closing_) throw invalid_state_error("write to " + peer_.to_string() + ": the stream is closed");
    if (eof_wanted_) throw invalid_state_error("write to " + peer_.to_string() + ": write_eof() was called before");
}

/// Sends at once what the layer takes of the front of the output. @return how much
std::size_t stream_core::try_send_pieces(std::span<const std::span<const std::byte>> pieces) {
    if (is_sending_) return 0;
    const std::ptrdiff_t taken =
        pieces.size() == 1 ? layer_->try_send(pieces.front()) : layer_->try_send_pieces(pieces);
    if (taken >= 0) return static_cast<std::size_t>(taken);
    fail_output(static_cast<int>(-taken));
    throw_write_error_if_any();
    return 0;
}

void stream_core::write(std::span<const std::byte> bytes) { write_pieces({&bytes, 1}); }

void stream_core::write_pieces(std::span<const std::span<const std::byte>> pieces) {
    require_writable();
    std::size_t total = 0;
    for (const auto& piece : pieces) total += piece.size();
    if (total == 0) return;
    std::size_t taken = try_send_pieces(pieces);
    if (taken == total) return;
    try {
        pending_.reserve(total - taken);
    } catch (const std::bad_alloc&) {
        // A part may be on its way already: nothing may follow in its place.
        if (taken > 0) fail_output(ENOMEM);
        throw;
    }
    for (const auto& piece : pieces) {
        const std::size_t gone = std::min(taken, piece.size());
        pending_.append(piece.subspan(gone));
        taken -= gone;
    }
    if (!is_sending_) start_sending();
}

void stream_core::write(chunk&& bytes) {
    if (!pending_.empty() || bytes.pool_ != loop_.buffers()) return write(std::as_const(bytes).bytes());
    require_writable();
    if (bytes.empty()) return;
    const std::span<const std::byte> all = std::as_const(bytes).bytes();
    bytes.begin_ += try_send_pieces({&all, 1});
    if (bytes.empty()) return;
    pending_.adopt({bytes.data_, bytes.capacity_, bytes.begin_, bytes.end_});
    bytes.data_ = nullptr;
    bytes.begin_ = bytes.end_ = 0;
    if (!is_sending_) start_sending();
}

void stream_core::start_sending() {
    sending_.swap(pending_);
    try {
        layer_->send(sending_.bytes());
        is_sending_ = true;
    } catch (const std::system_error& e) {
        fail_output(e.code().value());
    }
}

void stream_core::on_sent(int error) {
    is_sending_ = false;
    sending_.clear();
    if (error) {
        fail_output(error);
    } else if (!pending_.empty()) {
        start_sending();
    }
    after_output();
}

/// Some output has gone: writers go on, and what waited for all of it happens.
void stream_core::after_output() {
    wake_writers();
    if (unsent() > 0) return;
    if (eof_wanted_ && !eof_sent_ && layer_ && !write_error_) {
        eof_sent_ = true;
        layer_->end();
    }
    if (closing_) shut();
    if (ownerless_) delete this;
}

void stream_core::fail_output(int error) noexcept {
    write_error_ = error;
    pending_.clear();
    if (!is_sending_) sending_.clear();
    wake_writers();
}

bool stream_core::reached(output_awaiter::until u) const noexcept {
    if (write_error_ && u != output_awaiter::until::closed) return true;
    switch (u) {
        case output_awaiter::until::writable: return unsent() <= limits_.write_high_bytes;
        case output_awaiter::until::flushed: return unsent() == 0;
        case output_awaiter::until::closed: return !layer_;
    }
    return true;
}

/// Those above the high watermark wait for the low one, so that they are not woken for every few bytes.
void stream_core::wake_writers() noexcept {
    for (output_awaiter& w : writers_) {
        const bool low_enough = w.until_ == output_awaiter::until::writable
                                    ? write_error_ || unsent() <= limits_.write_low_bytes
                                    : reached(w.until_);
        if (low_enough) w.wake();
    }
}

void stream_core::write_eof() {
    if (eof_wanted_ || closing_) return;
    throw_write_error_if_any();
    eof_wanted_ = true;
    after_output();
}

void stream_core::close() {
    if (closing_) return;
    closing_ = true;
    if (receiving_) {
        receiving_ = false;
        layer_->pause_receiving();
    }
    wake_reader_if_satisfied();
    if (unsent() == 0 || write_error_) shut();
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
    layer_.reset();
    sending_.clear();
    pending_.clear();
    wake_reader();
    wake_writers();
}

std::unique_ptr<stream_layer> stream_core::take_layer() noexcept {
    receiving_ = false;
    return std::move(layer_);
}

void stream_core::release() noexcept {
    // Awaiters live in coroutines that may outlive the stream (one task reads, another destroys).
    wake_reader();
    if (input_awaiter* const r = std::exchange(woken_reader_, nullptr)) r->stream_ = nullptr;
    while (!writers_.empty()) {
        output_awaiter& w = writers_.pop_front();
        w.stream_ = nullptr;
        w.wake();
    }
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
    if (!write_error_) fail_output(ECANCELED);
    if (!read_error_) read_error_ = ECANCELED;
    shut();
    input_.clear();  // the memory is the loop's
    if (ownerless_) delete this;
}

}  // namespace weft::inline v0
