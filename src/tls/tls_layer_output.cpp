// SPDX-License-Identifier: Apache-2.0
// What goes out: the stream's bytes, encrypted a piece at a time, and the engine's answers.
#include "loop/backend.hpp"
#include "tls/tls_context_core.hpp"
#include "tls/tls_layer.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

namespace weft::inline v0 {

namespace {

// What is encrypted in one go: with what records add, it fits a block of 64 KiB.
constexpr std::size_t piece_bytes = 63 * 1024;

}  // namespace

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
    } catch (...) {
        flying_.clear();
        send_error_ = refusal();
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
    send_error_ = engine_.errno_of_failure();
    failure_ = engine_.explain("TLS with ", peer_);
    return send_error_;
}

std::ptrdiff_t tls_layer::try_send(std::span<const std::byte> bytes) noexcept {
    if (send_error_) return -send_error_;
    if (state_ == state::failed) return -EPROTO;
    if (state_ != state::open || is_flying_ || !out_.empty()) return 0;
    bytes = bytes.first(std::min(bytes.size(), piece_bytes));
    // One record goes from where OpenSSL made it; several go together.
    is_direct_ = bytes.size() <= tls_record_bytes;
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
    if (earlier_sends_ > 0) --earlier_sends_;
    if (error && !send_error_) send_error_ = error;
    if (closing_ && !finishing_ && state_ == state::open) start_timer(engine_.context().shutdown_timeout());
    encrypt_next();
    flush(false);  // before and after the time when it is open as well
    regulate();
    if (here) settle();
}

}  // namespace weft::inline v0
