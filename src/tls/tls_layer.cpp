// SPDX-License-Identifier: Apache-2.0
// The life of a connection: the handshake, and how it ends.
#include "tls/tls_layer.hpp"

#include "base/made_by.hpp"
#include "tls/handshake_awaiter.hpp"
#include "tls/tls_context_core.hpp"

#include <weft/base/errors.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

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
        auto why = engine_.explain("TLS handshake with ", peer_);
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
    if (state_ == state::handshaking && !finishing_) {
        fail(made_by([&] {
            return timeout_error(handshake_with_peer() + ": not over after " +
                                 in_seconds(engine_.context().handshake_timeout()));
        }));
        if (here) settle();
        return;
    }
    if (is_flying_ || is_sending_) {
        reset();
        sink_->on_finished(ETIMEDOUT);
        return;
    }
    // What is to be sent is being waited for, as by a slow disk: the peer owes no answer yet.
    if (!finishing_) return start_timer(engine_.context().shutdown_timeout());
    // What the kernel has it goes on sending, if the peer takes it at last.
    sink_->on_failure(made_by([&] {
        const std::string limit = in_seconds(engine_.context().shutdown_timeout());
        return std::system_error(ETIMEDOUT, std::generic_category(),
                                 "TLS with " + peer_ + ": close_notify was not answered within " + limit);
    }));
    if (here) sink_->on_finished(EPROTO);
}

/// Nothing more comes in or goes out. The last thing to be done, for the sink may destroy this; else settle().
void tls_layer::fail(std::exception_ptr why) noexcept {
    if (state_ == state::failed) return;
    if (!finishing_) timer_.unlink();
    state_ = state::failed;
    if (earlier_sends_ > 0 && !finishing_) reset();  // the peer is not to take what it got for all of it
    failure_ = std::move(why);
    if (waiting_) waiting_->end();
    if (!finishing_ && sink_) sink_->on_failure(failure_);
}

/// Nobody waits for the handshake any more: half a handshake is no connection.
void tls_layer::give_up() noexcept {
    if (state_ != state::handshaking || finishing_) return;
    reset();
    fail(made_by([&] {
        return std::system_error(ECONNABORTED, std::generic_category(), handshake_with_peer() + " was cancelled");
    }));
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
    // Half a handshake is left as it is, but not the plaintext in front of it: for that there is the handshake's time.
    if (state_ == state::handshaking) return is_finished() && finish_below();
    end();
    if (is_finished()) return finish_below();
    if (!timer_.is_pending()) start_timer(engine_.context().shutdown_timeout());
    try {
        receive_below();  // for the peer's close_notify
        return false;
    } catch (...) {
        return true;
    }
}

bool tls_layer::is_finished() const noexcept {
    if (send_error_) return true;
    if (state_ == state::handshaking) return earlier_sends_ == 0;
    return !is_flying_ && out_.empty() && (state_ == state::failed || peer_ended_ || below_ended_);
}

/// We are done: below, TLS takes its leave as well (in TLS in TLS). @return as finish()
bool tls_layer::finish_below() noexcept {
    if (std::exchange(below_finishes_, true)) return false;
    timer_.unlink();
    if (waiting_) std::exchange(waiting_, nullptr)->layer_goes();
    return send_error_ || was_reset_ || below_->finish();
}

void tls_layer::reset() noexcept {
    was_reset_ = true;
    below_->reset();
}

void tls_layer::on_finished(int error) { sink_->on_finished(error); }

/// How every call from below ends: what is told here may destroy this.
void tls_layer::settle() {
    // To what was not sent no answer comes. A socket that is broken says so itself, behind what had come before.
    const bool is_mute = send_error_ && send_error_ != EPIPE && send_error_ != ECONNRESET && !below_ended_;
    if (is_mute && (!is_sending_ || state_ == state::handshaking)) return on_receive_error(send_error_);
    if (finishing_) {
        if (is_finished() && finish_below()) sink_->on_finished(send_error_);
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
