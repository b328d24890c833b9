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
      input_(loop.buffers()),
      pending_(loop.buffers()),
      sending_(loop.buffers()),
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

void stream_core::on_bytes(std::span<const std::byte> bytes) {
    if (closing_ || read_error_) return;
    try {
        input_.append(bytes);
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
    return input_.spare();
}

void stream_core::on_filled(std::size_t count) {
    input_.extend(count);
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

void stream_core::write(std::span<const std::byte> bytes) {
    require_writable();
    if (!is_sending_ && !bytes.empty()) {
        const std::ptrdiff_t taken = layer_->try_send(bytes);
        if (taken < 0) {
            fail_output(static_cast<int>(-taken));
            throw_write_error_if_any();
        }
        bytes = bytes.subspan(static_cast<std::size_t>(taken));
    }
    if (bytes.empty()) return;
    try {
        pending_.append(bytes);
    } catch (const std::bad_alloc&) {
        fail_output(ENOMEM);  // a part may be on its way already: nothing may follow in its place
        throw;
    }
    if (!is_sending_) start_sending();
}

void stream_core::write_pieces(std::span<const std::span<const std::byte>> pieces) {
    require_writable();
    std::size_t total = 0;
    for (const auto& piece : pieces) total += piece.size();
    pending_.reserve(total);
    for (const auto& piece : pieces) pending_.append(piece);
    if (!is_sending_ && !pending_.empty()) start_sending();
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
    if (closing_) finish();
    if (ownerless_ && !layer_) delete this;
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
    layer_->begin_to_finish();
    if (unsent() == 0 || write_error_) finish();
}

/// Nothing is left to be sent: the layer takes its leave, and goes.
void stream_core::finish() noexcept {
    if (std::exchange(finishing_, true)) return;
    if (!layer_ || layer_->finish()) shut();
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
    if (!write_error_) fail_output(ECANCELED);
    if (!read_error_) read_error_ = ECANCELED;
    shut();
    input_.clear();  // the memory is the loop's
    if (ownerless_) delete this;
}

}  // namespace weft::inline v0
