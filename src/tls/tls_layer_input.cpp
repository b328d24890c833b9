// SPDX-License-Identifier: Apache-2.0
// What comes in: ciphertext from below, decrypted at once, for the stream.
#include "base/made_by.hpp"
#include "tls/tls_layer.hpp"

#include <weft/tls/tls_error.hpp>

#include <cerrno>
#include <new>
#include <system_error>

namespace weft::inline v0 {

namespace {

constexpr std::size_t decrypted_bytes = 2 * tls_record_bytes;
// Of output that waits behind what is flying. More than a piece, so that only answers can come to so much.
constexpr std::size_t congested_bytes = 128 * 1024;
// Behind the end nothing is to come but the end of the connection below: so much is read all the same, to see that.
constexpr std::size_t dropped_at_most = 64 * 1024;

}  // namespace

void tls_layer::receive(stream_sink& sink) {
    sink_ = &sink;
    wants_input_ = true;
    receive_below();
}

void tls_layer::receive_below() {
    if (dropped_bytes_ > dropped_at_most && !finishing_) return;
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

/// What comes behind the end, or when TLS has failed. A peer that goes on and on is listened to no more.
void tls_layer::drop(std::size_t bytes) noexcept {
    if (finishing_) return;
    dropped_bytes_ += bytes;
    if (dropped_bytes_ > dropped_at_most) below_->pause_receiving();
}

void tls_layer::work(std::span<const std::byte> received, const survival& here) {
    if (peer_ended_ || state_ == state::failed) return drop(received.size());
    engine_.feed(received);
    try {
        if (state_ == state::open || (state_ == state::handshaking && !finishing_ && handshake())) {
            decrypt(received.size(), here);
        }
    } catch (const std::bad_alloc&) {
        fail(made_by([&] { return std::system_error(ENOMEM, std::generic_category(), "TLS with " + peer_); }));
    }
    if (here) engine_.feed({});  // the rest, if any, came after the end
}

/// All of it, even if the stream wants no more for now: it is in nobody's buffer. Into the stream's own, if it lets us.
void tls_layer::decrypt(std::size_t expected, const survival& here) {
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
        if (status == tls_engine::status::failed) why = engine_.explain("TLS with ", peer_);
        if (!is_own) {
            sink_->on_filled(count);
        } else if (count > 0 && !finishing_) {
            own.added(count);
            sink_->on_bytes(own);
        }
        if (!here) return;
        if (status == tls_engine::status::done) {
            expected = tls_record_bytes;  // at most, of the record that was begun; there may be more
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
    // A send that failed has taken the socket's error with it: what is left of a reset looks like an end.
    if (send_error_ && !peer_ended_) return on_receive_error(send_error_);
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

}  // namespace weft::inline v0
