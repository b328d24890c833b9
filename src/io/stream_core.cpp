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
    const bool wanted = (reader_ && !closing_) || input_.size() < 2 * std::size_t{read_limit_};
    if (wanted == receiving_) return;
    receiving_ = wanted;
    if (!wanted) return layer_->pause_receiving();
    try {
        layer_->receive(*this);
    } catch (const std::system_error& e) {  // the kernel has no room for it
        on_receive_error(e.code().value());
    }
}

/// Fewer bytes than these are cheaper copied into a block that fits them.
constexpr std::size_t worth_a_block = 2048;

void stream_core::on_bytes(byte_buffer& bytes) {
    if (closing_ || read_error_) return;
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

std::span<std::byte> stream_core::room(std::size_t bytes) {
    if (closing_ || read_error_) return {};
    input_.reserve(bytes);
    return input_.room();
}

void stream_core::on_filled(std::size_t count) {
    input_.added(count);
    if (input_.empty()) input_.clear();
    wake_reader_if_satisfied();
    receive_as_needed();
}

void stream_core::on_end() {
    // A send that failed has taken the socket's error with it: what is left of a reset looks like an end.
    if (output_lost_) return on_receive_error(write_error_);
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

void stream_core::on_failure(const std::exception_ptr& why) {
    if (!failure_) failure_ = why;
    on_receive_error(EPROTO);
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
    if (error == EPROTO && failure_) std::rethrow_exception(failure_);
    throw std::system_error(error, std::generic_category(), std::string(what) + peer_name());
}

void stream_core::throw_read_error() const { throw_error("read from ", read_error_ ? read_error_ : EBADF); }

// Output

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
    if (is_sending_ || file_) return 0;
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
    if (!is_sending_) start_sending();
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
    if (!is_sending_) start_sending();
}

file_sender& stream_core::write_file(unique_fd file, std::uint64_t offset, std::uint64_t count) {
    require_writable();
    file_ = std::make_unique<file_sender>(loop_, std::move(file), offset, count);
    if (!is_sending_) start_sending();
    throw_write_error_if_any();
    return *file_;
}

void stream_core::start_sending() {
    try {
        if (!pending_.empty()) {
            sending_.swap(pending_);
            layer_->send(sending_.bytes());
        } else {
            file_->start(*layer_, [](void* self, int e) { static_cast<stream_core*>(self)->on_file_sent(e); }, this);
        }
        is_sending_ = true;
    } catch (const std::system_error& e) {
        lose_output(e.code().value());
    } catch (const std::exception&) {  // the file's: no memory, or no executor any more
        lose_output(ECANCELED);
    }
}

void stream_core::on_sent(int error) {
    if (file_ && file_->is_started()) return file_->on_sent(error);
    is_sending_ = false;
    sending_.clear();
    if (error) {
        lose_output(error);
    } else if (!pending_.empty() || file_) {
        start_sending();
    }
    after_output();
}

void stream_core::on_file_sent(int error) {
    is_sending_ = false;
    pending_.swap(file_->behind);
    drop_file(error);
    if (error) {
        lose_output(error);
    } else if (!pending_.empty()) {
        start_sending();
    }
    after_output();
}

/// Whoever waits for the file to be sent goes on.
void stream_core::drop_file(int error) noexcept {
    const auto file = std::move(file_);
    if (!file) return;
    std::exception_ptr thrown;
    if (error) {
        thrown =
            std::make_exception_ptr(std::system_error(error, std::generic_category(), "send_file to " + peer_name()));
    }
    file->tell(thrown);
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
    if (std::exchange(receiving_, false)) layer_->pause_receiving();
    read_error_ = error;
    wake_reader_if_satisfied();
}

void stream_core::fail_output(int error) noexcept {
    write_error_ = error;
    pending_.clear();
    drop_file(error);
    if (!is_sending_) sending_.clear();
    wake_writers();
}

bool stream_core::reached(output_awaiter::until u) const noexcept {
    if (write_error_ && u != output_awaiter::until::closed) return true;
    switch (u) {
        case output_awaiter::until::writable: return unsent() <= write_high_;
        case output_awaiter::until::flushed: return is_flushed();
        case output_awaiter::until::closed: return !layer_;
    }
    return true;
}

/// Those above the high watermark wait for the low one, so that they are not woken for every few bytes.
void stream_core::wake_writers() noexcept {
    for (output_awaiter& w : writers_) {
        const bool low_enough =
            w.until_ == output_awaiter::until::writable ? write_error_ || unsent() <= write_low_ : reached(w.until_);
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
    if (!layer_) return shut();  // it was taken
    closing_ = true;
    if (receiving_) {
        receiving_ = false;
        layer_->pause_receiving();
    }
    wake_reader_if_satisfied();
    layer_->begin_to_finish();
    if (is_flushed() || write_error_) finish();
}

/// Nothing is left to be sent: the layer takes its leave, and goes.
void stream_core::finish() noexcept {
    if (std::exchange(finishing_, true)) return;
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
    drop_file(write_error_ ? write_error_ : ECONNABORTED);
    if (layer_ && output_lost_) layer_->reset();  // the peer must not take what it has got for all
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

void stream_core::put_layer(std::unique_ptr<stream_layer> layer) {
    layer_ = std::move(layer);
    receive_as_needed();
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
    output_lost_ |= !is_flushed();
    if (!write_error_) fail_output(ECANCELED);
    if (!read_error_) read_error_ = ECANCELED;
    shut();
    input_.clear();  // the memory is the loop's
    if (ownerless_) delete this;
}

}  // namespace weft::inline v0
