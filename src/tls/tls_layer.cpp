// SPDX-License-Identifier: Apache-2.0
#include "tls/tls_layer.hpp"

#include "tls/handshake_awaiter.hpp"
#include "tls/tls_context_core.hpp"

#include <weft/base/errors.hpp>
#include <weft/tls/tls_error.hpp>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

constexpr std::size_t record_bytes = 16 * 1024;  // of plaintext, at most (RFC 8446)
// What is encrypted in one go: with what records add, it fits a block of 64 KiB.
constexpr std::size_t piece_bytes = 63 * 1024;
constexpr std::size_t decrypted_bytes = 2 * record_bytes;
// Of output that waits behind what is flying. More than a piece, so that only answers can come to so much.
constexpr std::size_t congested_bytes = 128 * 1024;

/// What `make` returns, to be thrown elsewhere; what it throws itself, for want of memory.
template <class Make>
std::exception_ptr made_by(Make make) noexcept {
    try {
        return std::make_exception_ptr(make());
    } catch (...) {
        return std::current_exception();
    }
}

std::string in_seconds(nanos time) {
    std::string text = std::to_string(static_cast<double>(time) / 1e9);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text + " s";
}

}  // namespace

tls_layer::tls_layer(event_loop& loop, const tls_context& context, std::string server_hostname, std::string peer)
    : loop_(loop),
      peer_(std::move(peer)),
      out_(*loop.buffers()),
      flying_(*loop.buffers()),
      timer_(*this),
      engine_(tls_context_core::of(context), std::move(server_hostname), peer_, *this) {}

tls_layer::~tls_layer() {
    if (watching_) watching_->layer_goes();
    if (waiting_) waiting_->layer_goes();
    below_.reset();  // which lets go of flying_
}

// The handshake

void tls_layer::begin(std::span<const std::byte> received) {
    start_timer(engine_.context().handshake_timeout());
    on_received(received);
}

/// @return whether it is over, and well
bool tls_layer::handshake() {
    const auto status = engine_.handshake();
    if (status == tls_engine::status::wants_input) {
        flush(true);
        return false;
    }
    if (status != tls_engine::status::done) {
        auto why = engine_.explain(handshake_with_peer());
        flush(true);  // the alert that tells the peer
        fail(std::move(why));
        return false;
    }
    state_ = state::open;
    timer_.unlink();
    if (closing_) start_timer(engine_.context().shutdown_timeout());
    if (wants_end_) end();
    flush(true);
    if (!wants_input_) below_->pause_receiving();
    if (waiting_) waiting_->end();
    return true;
}

void tls_layer::start_timer(nanos timeout) noexcept {
    timer_.unlink();
    loop_.add_timer(timer_, deadline_after(loop_.now(), timeout));
}

void tls_layer::on_timeout() {
    const survival here(*this);
    if (state_ == state::handshaking) {
        fail(made_by([&] {
            return timeout_error(handshake_with_peer() + ": not over after " +
                                 in_seconds(engine_.context().handshake_timeout()));
        }));
        if (here) settle();
        return;
    }
    // What the kernel has it goes on sending, if the peer takes it at last.
    if (is_flying_ || is_sending_) below_->reset();
    sink_->on_finished(ETIMEDOUT);
}

/// Nothing more comes in or goes out. The last thing to be done, for the sink may destroy this; else settle().
void tls_layer::fail(std::exception_ptr why) noexcept {
    if (state_ == state::failed) return;
    if (!finishing_) timer_.unlink();
    state_ = state::failed;
    failure_ = std::move(why);
    if (waiting_) waiting_->end();
    if (!finishing_ && sink_) sink_->on_failure(failure_);
}

/// Nobody waits for the handshake any more: half a handshake is no connection.
void tls_layer::give_up() noexcept {
    if (state_ != state::handshaking) return;
    below_->reset();
    fail(made_by([&] {
        return std::system_error(ECONNABORTED, std::generic_category(), handshake_with_peer() + " was cancelled");
    }));
}

// Input

void tls_layer::receive(stream_sink& sink) {
    sink_ = &sink;
    wants_input_ = true;
    receive_below();
}

void tls_layer::receive_below() {
    if (!below_ended_ && !is_congested_) below_->receive(*this);
}

/// A peer that asks for answers (an update of keys, a renegotiation that is refused) and reads none of them would have them
/// pile up here: no more of it is received until what it has is sent. What the stream writes never comes to so much, so
/// that two sides that both write, and read later, do not wait for each other.
void tls_layer::regulate() {
    const bool is_congested = state_ == state::open && is_flying_ && out_.size() > congested_bytes;
    if (is_congested == is_congested_) return;
    is_congested_ = is_congested;
    if (is_congested) return below_->pause_receiving();
    if (!wants_input_ && !finishing_) return;
    try {
        receive_below();
    } catch (...) {
        below_ended_ = true;
        fail(std::current_exception());
    }
}

void tls_layer::pause_receiving() noexcept {
    wants_input_ = false;
    if (state_ != state::handshaking && !finishing_) below_->pause_receiving();
}

void tls_layer::on_bytes(byte_buffer& bytes) { on_received(bytes.bytes()); }

void tls_layer::on_received(std::span<const std::byte> bytes) {
    const survival here(*this);
    work(bytes, here);
    if (here) regulate();
    if (here) settle();
}

void tls_layer::work(std::span<const std::byte> received, const survival& here) {
    engine_.feed(received);
    try {
        if (state_ == state::open || (state_ == state::handshaking && handshake())) {
            decrypt(received.size(), here);
        }
    } catch (const std::bad_alloc&) {
        fail(made_by([&] { return std::system_error(ENOMEM, std::generic_category(), "TLS with " + peer_); }));
    }
    if (here) engine_.feed({});  // the rest, if any, came after the end
}

/// All of it, even if the stream wants no more for now: it is in nobody's buffer. Into the stream's own, if it lets us.
void tls_layer::decrypt(std::size_t expected, const survival& here) {
    if (peer_ended_) return;
    for (;;) {
        byte_buffer own(*loop_.buffers());
        std::span<std::byte> to = finishing_ ? std::span<std::byte>() : sink_->room(expected);
        const bool is_own = to.empty();
        if (is_own) {
            own.reserve(decrypted_bytes);
            to = own.room();
        }
        std::size_t count = 0;
        const auto status = engine_.read(to, count);
        std::exception_ptr why;
        if (status == tls_engine::status::failed) why = engine_.explain("TLS with " + peer_);
        if (!is_own) {
            sink_->on_filled(count);
        } else if (count > 0 && !finishing_) {
            own.added(count);
            sink_->on_bytes(own);
        }
        if (!here) return;
        if (status == tls_engine::status::done) {
            expected = record_bytes;  // at most, of the record that was begun; there may be more
            continue;
        }
        flush(true);  // an alert, an answer to an update of keys
        if (why) return fail(std::move(why));
        if (status == tls_engine::status::ended) {
            peer_ended_ = true;
            if (!finishing_) sink_->on_end();
        }
        return;
    }
}

void tls_layer::on_end() {
    const survival here(*this);
    below_ended_ = true;
    if (state_ == state::handshaking) {
        fail(made_by([&] { return tls_error(tls_errc::closed_in_handshake, handshake_with_peer()); }));
    } else if (!peer_ended_) {
        fail(made_by([&] { return tls_error(tls_errc::truncated, "TLS with " + peer_); }));
    }
    if (here) settle();
}

void tls_layer::on_receive_error(int error) {
    const survival here(*this);
    below_ended_ = true;
    if (state_ == state::handshaking) {
        fail(made_by([&] { return std::system_error(error, std::generic_category(), handshake_with_peer()); }));
    } else if (state_ == state::open && !finishing_) {
        if (!send_error_) send_error_ = error;
        sink_->on_receive_error(error);
    }
    if (here) settle();
}

void tls_layer::on_failure(const std::exception_ptr& why) {
    const survival here(*this);
    below_ended_ = true;
    fail(why);
    if (here) settle();
}

// Output

/// From the engine, within a call to it.
bool tls_layer::on_ciphertext(std::span<const std::byte> bytes) noexcept {
    if (send_error_) return true;  // nobody gets it
    if (is_direct_ && out_.empty()) {
        const std::ptrdiff_t taken = below_->try_send(bytes);
        if (taken < 0) {
            send_error_ = static_cast<int>(-taken);
            return true;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(taken));
    }
    try {
        out_.append(bytes);
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

/// Hands what was encrypted to the layer below, unless that has some already. @return 0 or an errno
int tls_layer::flush(bool try_first) noexcept {
    if (is_flying_ || out_.empty() || send_error_) return send_error_;
    if (try_first) {
        const std::ptrdiff_t taken = below_->try_send(out_.bytes());
        if (taken < 0) {
            out_.clear();
            return send_error_ = static_cast<int>(-taken);
        }
        out_.consume(static_cast<std::size_t>(taken));
        if (out_.empty()) return 0;
    }
    flying_.swap(out_);
    try {
        below_->send(flying_.bytes());
        is_flying_ = true;
    } catch (const std::system_error& e) {
        flying_.clear();
        send_error_ = e.code().value();
    }
    return send_error_;
}

/// @param count  is set to what was encrypted: less than all, without an error, while the engine wants input first
/// @return 0 or an errno
int tls_layer::encrypt(std::span<const std::byte> bytes, std::size_t& count) noexcept {
    const auto status = engine_.write(bytes, count);
    if (send_error_) return send_error_;
    if (status == tls_engine::status::done || status == tls_engine::status::wants_input) return 0;
    out_.clear();
    return send_error_ = EPROTO;
}

std::ptrdiff_t tls_layer::try_send(std::span<const std::byte> bytes) noexcept {
    if (send_error_) return -send_error_;
    if (state_ == state::failed) return -EPROTO;
    if (state_ != state::open || is_flying_ || !out_.empty()) return 0;
    bytes = bytes.first(std::min(bytes.size(), piece_bytes));
    // One record goes from where OpenSSL made it; several go together.
    is_direct_ = bytes.size() <= record_bytes;
    std::size_t count = 0;
    int error = encrypt(bytes, count);
    if (!error) error = flush(!is_direct_);
    is_direct_ = false;
    return error ? -error : static_cast<std::ptrdiff_t>(count);
}

void tls_layer::send(std::span<const std::byte> bytes) {
    plain_ = bytes;
    is_sending_ = true;
    encrypt_next();
    if (!send_error_ && state_ != state::failed) return;
    is_sending_ = false;
    plain_ = {};
    throw std::system_error(send_error_ ? send_error_ : EPROTO, std::generic_category(), "TLS with " + peer_);
}

std::uint64_t tls_layer::unsent() const noexcept {
    return plain_.size() + out_.size() + (below_ ? below_->unsent() : 0);
}

/// A piece of what send() was given; the next follows when it is sent, so that a long one does not hold up the loop.
void tls_layer::encrypt_next() {
    if (state_ != state::open || is_flying_ || send_error_) return;
    if (!plain_.empty()) {
        std::size_t count = 0;
        if (encrypt(plain_.first(std::min(plain_.size(), piece_bytes)), count)) return;
        plain_ = plain_.subspan(count);
    }
    flush(false);
}

void tls_layer::on_sent(int error) {
    const survival here(*this);
    is_flying_ = false;
    flying_.clear();
    if (error && !send_error_) send_error_ = error;
    if (closing_ && !finishing_ && state_ == state::open) start_timer(engine_.context().shutdown_timeout());
    encrypt_next();
    flush(false);  // before and after the time when it is open as well
    regulate();
    if (here) settle();
}

// Ending

void tls_layer::end() noexcept {
    wants_end_ = true;
    if (state_ != state::open || has_ended_ || send_error_) return;
    has_ended_ = true;
    engine_.end();
    flush(true);
}

void tls_layer::begin_to_finish() noexcept {
    closing_ = true;
    // A handshake that is still under way has its own time.
    if (state_ != state::handshaking) start_timer(engine_.context().shutdown_timeout());
}

bool tls_layer::finish() noexcept {
    finishing_ = true;
    is_sending_ = false;
    plain_ = {};
    if (state_ == state::handshaking) return true;
    end();
    if (is_finished()) return true;
    if (!timer_.is_pending()) start_timer(engine_.context().shutdown_timeout());
    try {
        receive_below();  // for the peer's close_notify
        return false;
    } catch (const std::system_error&) {
        return true;
    }
}

bool tls_layer::is_finished() const noexcept {
    if (send_error_) return true;
    return !is_flying_ && out_.empty() && (state_ == state::failed || peer_ended_ || below_ended_);
}

/// How every call from below ends: what is told here may destroy this.
void tls_layer::settle() {
    if (finishing_) {
        if (is_finished()) sink_->on_finished(send_error_);
        return;
    }
    if (is_sending_ && !is_flying_ && state_ == state::open) encrypt_next();
    const bool is_over = state_ == state::failed || send_error_ || (plain_.empty() && !is_flying_ && out_.empty());
    if (!is_sending_ || state_ == state::handshaking || !is_over) return;
    is_sending_ = false;
    plain_ = {};
    sink_->on_sent(send_error_ ? send_error_ : state_ == state::failed ? EPROTO : 0);
}

}  // namespace weft::inline v0
