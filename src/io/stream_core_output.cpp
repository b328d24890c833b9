// SPDX-License-Identifier: Apache-2.0
// What a stream sends: at once as far as it goes, the rest in the background, and those who wait for that.
#include "io/stream_core.hpp"
#include "loop/backend.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

void stream_core::throw_write_error_if_any() const {
    if (write_error_) throw_error("write to ", write_error_);
}

void stream_core::require_writable() const {
    throw_write_error_if_any();
    if (closing_) throw invalid_state_error("write to " + peer_name() + ": the stream is closed");
    if (eof_wanted_) throw invalid_state_error("write to " + peer_name() + ": write_eof() was called before");
}

/// Sends at once what the layer takes of the front of the output. @return how much
std::size_t stream_core::try_send(std::span<const std::span<const std::byte>> pieces) {
    if (is_sending_) return 0;
    const std::ptrdiff_t taken =
        pieces.size() == 1 ? layer_->try_send(pieces.front()) : layer_->try_send_pieces(pieces);
    if (taken >= 0) return static_cast<std::size_t>(taken);
    lose_output(static_cast<int>(-taken));
    throw_write_error_if_any();
    return 0;
}

void stream_core::write(std::span<const std::byte> bytes) { write_pieces({&bytes, 1}); }

void stream_core::write_pieces(std::span<const std::span<const std::byte>> pieces) {
    require_writable();
    std::size_t total = 0;
    for (const auto& piece : pieces) total += piece.size();
    if (total == 0) return;
    if (!end_of_output().can_hold(total)) {
        throw std::length_error("write to " + peer_name() + ": more than 2 GiB would be unsent");
    }
    std::size_t taken = try_send(pieces);
    if (taken == total) return;
    try {
        end_of_output().reserve(total - taken);
    } catch (const std::bad_alloc&) {
        // A part may be on its way already: nothing may follow in its place.
        if (taken > 0) lose_output(ENOMEM);
        throw;
    }
    for (const auto& piece : pieces) {
        const std::size_t gone = std::min(taken, piece.size());
        end_of_output().append(piece.subspan(gone));
        taken -= gone;
    }
    go_on_sending();
}

void stream_core::write(chunk&& bytes) {
    if (!end_of_output().empty() || bytes.pool_ != loop_.buffers()) return write(std::as_const(bytes).bytes());
    require_writable();
    if (bytes.empty()) return;
    const std::span<const std::byte> all = std::as_const(bytes).bytes();
    bytes.begin_ += try_send({&all, 1});
    if (bytes.empty()) return;
    end_of_output().adopt({bytes.data_, bytes.capacity_, bytes.begin_, bytes.end_});
    bytes.data_ = nullptr;
    bytes.begin_ = bytes.end_ = 0;
    go_on_sending();
}

void stream_core::write_file(send_file_awaiter& who, unique_fd file, std::uint64_t offset, std::uint64_t count) {
    require_writable();
    files_.add(loop_, who, std::move(file), offset, count);
    go_on_sending();
}

/// Something was written: it is sent, or follows what is being sent.
void stream_core::go_on_sending() {
    if (is_sending_) return layer_->expect_sent();
    start_sending(true);
}

/// Bytes, then the file behind them. What is behind a file that cannot even begin follows all the same.
void stream_core::start_sending(bool quietly) {
    while (!is_sending_ && !is_flushed()) {
        const bool is_file = pending_.empty();
        try {
            if (is_file) {
                files_.first().start(
                    *layer_, [](void* self, int e) { static_cast<stream_core*>(self)->on_file_sent(e); }, this);
            } else {
                sending_.swap(pending_);
                quietly ? layer_->send_quietly(sending_.bytes()) : layer_->send(sending_.bytes());
            }
            is_sending_ = true;
        } catch (...) {
            const int error = errno_of_failure();
            is_file ? files_.drop_first(pending_, file_error(error)) : lose_output(error);
        }
    }
}

void stream_core::on_sent(int error) {
    if (files_.is_sending()) return files_.first().on_sent(error);
    is_sending_ = false;
    sending_.clear();
    if (files_.is_given_up()) files_.clear();
    error ? lose_output(error) : start_sending(false);
    after_output();
}

void stream_core::on_file_sent(int error) {
    is_sending_ = false;
    if (error && !files_.first().fails_alone(error)) {
        lose_output(error);
    } else {
        files_.drop_first(pending_, error ? file_error(error) : nullptr);
        start_sending(false);
    }
    after_output();
}

std::exception_ptr stream_core::file_error(int error) noexcept {
    note_failure(error);
    if (error == EPROTO && failure_) return failure_;
    try {
        return std::make_exception_ptr(
            std::system_error(error, std::generic_category(), "send_file to " + peer_name()));
    } catch (...) {  // there is no memory for it
        return std::current_exception();
    }
}

/// Whoever waits for files to be sent is told. They stay until the layer has sent what it has of the first, or has gone.
void stream_core::give_up_files(int error) noexcept {
    if (files_.empty() || files_.is_given_up()) return;
    if (files_.give_up(file_error(error))) is_sending_ = false;
}

/// Some output has gone: writers go on, and what waited for all of it happens.
void stream_core::after_output() {
    wake_writers();
    if (!is_flushed()) return;
    if (eof_wanted_ && !eof_sent_ && layer_ && !write_error_) {
        eof_sent_ = true;
        layer_->end();
    }
    if (closing_) finish();
    if (ownerless_ && !layer_) delete this;
}

/// What was written is not sent. The connection is of no more use: whoever reads from it waits for an answer that cannot come.
/// A socket that is broken says so to the receive as well, behind what had come before; for other errors it is said here.
void stream_core::lose_output(int error) noexcept {
    output_lost_ = true;
    fail_output(error);
    if (error == EPIPE || error == ECONNRESET || !receives()) return;
    if (receiving_) layer_->pause_receiving();
    receiving_ = false;
    read_error_ = error;
    wake_reader_if_satisfied();
}

/// The layer says why, as long as it is there.
void stream_core::note_failure(int error) noexcept {
    if (error == EPROTO && !failure_ && layer_) failure_ = layer_->failure();
}

void stream_core::fail_output(int error) noexcept {
    note_failure(error);
    write_error_ = error;
    pending_.clear();
    give_up_files(error);
    if (!is_sending_) {
        sending_.clear();
        files_.clear();
    }
    wake_writers();
}

bool stream_core::reached(output_awaiter::purpose p) const noexcept {
    if (write_error_ && (p == output_awaiter::purpose::writable || p == output_awaiter::purpose::flushed)) return true;
    switch (p) {
        case output_awaiter::purpose::writable: return unsent() <= write_high_;
        case output_awaiter::purpose::flushed: return is_flushed();
        case output_awaiter::purpose::closed: return !layer_;
        case output_awaiter::purpose::reference:
        case output_awaiter::purpose::connection:
        case output_awaiter::purpose::input_end: return false;
    }
    return true;
}

/// Those above the high watermark wait for the low one, so that they are not woken for every few bytes.
void stream_core::wake_writers() noexcept {
    for (stream_link& l : links_) {
        const bool low_enough = l.purpose_ == output_awaiter::purpose::writable ? write_error_ || unsent() <= write_low_
                                                                                : reached(l.purpose_);
        if (low_enough) static_cast<output_awaiter&>(l).wake();
    }
}

/// More exactly than unsent(): without what the layer has sent of the present piece.
std::uint64_t stream_core::unsent_bytes() const noexcept {
    return pending_.size() + (layer_ ? layer_->unsent() : 0) + files_.unsent_bytes();
}

void stream_core::write_eof() {
    if (eof_wanted_ || closing_) return;
    throw_write_error_if_any();
    eof_wanted_ = true;
    is_flushed() ? after_output() : expect_output();
}

}  // namespace weft::inline v0
