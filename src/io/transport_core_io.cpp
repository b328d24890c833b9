// SPDX-License-Identifier: Apache-2.0
#include "io/transport_core.hpp"
#include "loop/backend.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>
#include <system_error>

// Bytes on their way from the layer to the protocol, and from the transport to the layer.

namespace weft::inline v0 {

namespace {
/// Fewer bytes than these are cheaper copied than sent in the block they came in.
constexpr std::size_t worth_a_block = 2048;
}  // namespace

/// In a handler: the connection ends by what a callback has thrown.
void transport_core::callback_failed(const char* message) {
    try {
        throw;
    } catch (const std::system_error&) {  // OSError in Python: the protocol's own affair
    } catch (...) {
        report(message);
    }
    force_close(std::current_exception());
}

// Input

void transport_core::receive_as_needed() {
    if (!layer_ || ended_ || receive_error_) return;
    const bool wanted = is_reading() && held_.empty();
    if (wanted == receiving_) return;
    receiving_ = wanted;
    if (!wanted) return layer_->pause_receiving();
    try {
        layer_->receive(*this);
    } catch (...) {
        fail("read from ", refusal());
    }
}

void transport_core::on_bytes(byte_buffer& bytes) {
    if (closing_) return;
    holds() ? hold(bytes.bytes()) : deliver(bytes);
}

/// For later: the protocol is not to be given them yet.
void transport_core::hold(std::span<const std::byte> bytes) noexcept {
    try {
        held_.append(bytes);
    } catch (const std::bad_alloc&) {
        fail("read from ", ENOMEM);
    }
}

void transport_core::deliver(byte_buffer& bytes) {
    const callback_in_context running(*this);
    std::span<const std::byte> rest = bytes.bytes();
    delivering_ = &bytes;
    while (!rest.empty() && is_reading()) {
        if (plain_) {
            try {
                plain_->data_received(std::exchange(rest, {}));
            } catch (...) {
                callback_failed("Fatal error: protocol.data_received() call failed");
            }
        } else {
            rest = rest.subspan(deliver_to_buffered(rest));
        }
    }
    delivering_ = nullptr;
    if (!closing_) hold(rest);
}

/// @return how much it took
std::size_t transport_core::deliver_to_buffered(std::span<const std::byte> bytes) {
    const char* failed = "Fatal error: protocol.get_buffer() call failed";
    buffered_protocol& p = *buffered_;
    try {
        const std::span<std::byte> room = p.get_buffer(bytes.size());
        if (room.empty()) throw std::runtime_error("get_buffer() returned an empty buffer");
        const std::size_t count = std::min(room.size(), bytes.size());
        std::memcpy(room.data(), bytes.data(), count);
        failed = "Fatal error: protocol.buffer_updated() call failed";
        p.buffer_updated(count);
        return count;
    } catch (...) {
        callback_failed(failed);
        return bytes.size();
    }
}

/// What came before the protocol was made, or while it had paused: bytes, then how they ended.
void transport_core::go_on() {
    if (handing_over_) return;
    resume_writing_if_little();  // what was unsent may have gone with the layer
    if (!held_.empty() && is_reading()) {
        byte_buffer now(*loop_.buffers());
        now.swap(held_);
        deliver(now);
    }
    if (closing_ || holds()) return;
    if (const int error = receive_error_) return fail("read from ", error);
    if (reader_gone_) return on_reader_gone();
    ended_ && !end_told_ ? tell_end() : receive_as_needed();
}

void transport_core::on_end() {
    receiving_ = false;
    if (std::exchange(ended_, true) || closing_ || holds()) return;
    tell_end();
}

void transport_core::tell_end() {
    end_told_ = true;
    if (!layer_->can_receive()) return;
    const callback_in_context running(*this);
    try {
        const bool stays_open = plain_ ? plain_->eof_received() : buffered_->eof_received();
        if (!stays_open) close();
    } catch (...) {
        callback_failed("Fatal error: protocol.eof_received() call failed");
    }
}

void transport_core::on_receive_error(int error) {
    receiving_ = false;
    receive_error_ = error;
    // One that is sending a file cannot do so any more.
    if (closing_ || !files_.empty() || !holds()) fail("read from ", error);
}

/// Whoever only writes learns of it without writing, as in asyncio.
void transport_core::on_reader_gone() {
    reader_gone_ = true;
    if (lost_ || holds()) return;
    unsent() > 0 ? fail("write to ", EPIPE) : force_close(nullptr);
}

void transport_core::on_failure(const std::exception_ptr& why) {
    failure_ = why;
    on_receive_error(EPROTO);
}

void transport_core::pause_reading() noexcept {
    if (closing_ || reading_paused_) return;
    reading_paused_ = true;
    receive_as_needed();
}

void transport_core::resume_reading() {
    if (closing_ || !reading_paused_) return;
    reading_paused_ = false;
    if (!made_) return;
    // Not from within this call: whoever resumes may not be ready for it yet.
    if (!held_.empty() || ended_ || receive_error_ || reader_gone_) return schedule();
    receive_as_needed();
}

// Output

void transport_core::write_pieces(std::span<const std::span<const std::byte>> pieces) {
    if (eof_wanted_) throw invalid_state_error("write to " + name() + ": write_eof() was called before");
    std::size_t total = 0;
    for (const auto& piece : pieces) total += piece.size();
    if (total == 0) return;
    if (lost_ || finishing_) return note_lost_write();
    byte_buffer& behind = end_of_output();
    if (!behind.can_hold(total)) {
        throw std::length_error("write to " + name() + ": more than 2 GiB would be unsent");
    }
    std::size_t taken = 0;
    if (!is_sending_) {
        const std::ptrdiff_t result =
            pieces.size() == 1 ? layer_->try_send(pieces.front()) : layer_->try_send_pieces(pieces);
        if (result < 0) return fail("write to ", static_cast<int>(-result));
        taken = static_cast<std::size_t>(result);
        if (taken == total) return;
        if (pieces.size() == 1 && keep_delivered(pieces.front().subspan(taken))) {
            start_sending(true);
            return pause_writing_if_too_much();
        }
    }
    try {
        behind.reserve(total - taken);
    } catch (const std::bad_alloc&) {
        // A part may be on its way already: nothing may follow in its place.
        if (taken > 0) fail("write to ", ENOMEM);
        throw;
    }
    for (const auto& piece : pieces) {
        const std::size_t gone = std::min(taken, piece.size());
        behind.append(piece.subspan(gone));
        taken -= gone;
    }
    if (is_sending_) {
        expect_output();
    } else {
        start_sending(true);
    }
    pause_writing_if_too_much();
}

/// The protocol passes on what it is receiving: takes its block rather than a copy. Only to send it at once, for there it
/// stays until the callback, which may go on looking at it, has long returned.
bool transport_core::keep_delivered(std::span<const std::byte> rest) noexcept {
    if (!delivering_ || rest.size() < worth_a_block) return false;
    const std::span<const std::byte> all = delivering_->bytes();
    if (all.empty() || rest.data() < all.data() || rest.data() + rest.size() > all.data() + all.size()) return false;
    const auto first = static_cast<std::size_t>(rest.data() - all.data());
    byte_buffer::block block = delivering_->release();
    block.begin += first;
    block.end = block.begin + rest.size();
    sending_.adopt(block);
    return true;
}

/// Bytes, then the file behind them. What is behind a file that cannot even begin follows all the same.
void transport_core::start_sending(bool quietly) {
    while (!is_sending_ && !lost_ && !is_flushed()) {
        if (sending_.empty()) sending_.swap(pending_);
        const bool is_file = sending_.empty();
        try {
            if (is_file) {
                files_.first().start(
                    *layer_, [](void* self, int e) { static_cast<transport_core*>(self)->on_file_sent(e); }, this);
            } else {
                quietly ? layer_->send_quietly(sending_.bytes()) : layer_->send(sending_.bytes());
            }
            is_sending_ = true;
        } catch (...) {
            const int error = errno_of_failure();
            is_file ? drop_file(error) : fail("write to ", error);
        }
    }
}

void transport_core::on_sent(int error) {
    if (files_.is_sending()) return files_.first().on_sent(error);
    is_sending_ = false;
    sending_.clear();
    if (lost_) return;
    if (error) return fail("write to ", error);
    start_sending(false);
    resume_writing_if_little();
    after_output();
}

/// What waited for all output to be gone happens.
void transport_core::after_output() {
    if (lost_) return;
    if (!is_flushed()) {
        if (closing_ || eof_wanted_) expect_output();
        return;
    }
    if (closing_) return finish();
    if (!eof_wanted_ || std::exchange(eof_sent_, true)) return;
    layer_->end();
}

void transport_core::write_eof() {
    if (closing_ || eof_wanted_) return;
    eof_wanted_ = true;
    after_output();
}

}  // namespace weft::inline v0
