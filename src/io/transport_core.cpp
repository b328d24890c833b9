// SPDX-License-Identifier: Apache-2.0
#include "io/transport_core.hpp"

#include "io/connection_link.hpp"

#include <cerrno>
#include <new>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

transport_core::transport_core(event_loop& loop, std::unique_ptr<stream_layer> layer, protocol_slot p)
    : endpoint_core(loop, std::move(p.owner)),
      layer_(std::move(layer)),
      plain_(p.plain),
      buffered_(p.buffered),
      held_(*loop.buffers()),
      pending_(*loop.buffers()),
      sending_(*loop.buffers()),
      peer_(layer_->peer()),
      nameless_peer_(layer_->nameless_peer()) {
    layer_->receive(*this);
    receiving_ = true;
    if (!layer_->can_receive()) layer_->watch_reader();
}

transport_core::~transport_core() {
    if (link_) link_->hand_over_to(nullptr);
    layer_.reset();  // before what it may be sending from
}

void transport_core::received_before(byte_buffer& bytes, bool ended, int error) noexcept {
    held_.swap(bytes);
    ended_ = ended;
    receive_error_ = error;
}

void transport_core::tell_made() {
    const transport handle(std::static_pointer_cast<transport_core>(shared_from_this()));
    plain_ ? plain_->connection_made(handle) : buffered_->connection_made(handle);
}

void transport_core::shut() noexcept {
    give_up_files(nullptr);
    layer_.reset();
    files_.clear();
    for (byte_buffer* b : {&held_, &pending_, &sending_}) b->clear();
}

void transport_core::set_protocol(protocol_slot p) {
    if (over_) return;
    replace_protocol(std::move(p.owner));
    plain_ = p.plain;
    buffered_ = p.buffered;
}

// Going over

void transport_core::require_open(const char* who) const {
    const auto refuse = [who](const char* why) { throw invalid_state_error(std::string(who) + ": " + why); };
    if (closing_) refuse("the transport is closed");
    if (!made_) refuse("connection_made() has not been called yet");
    if (handing_over_) refuse("the transport's TLS handshake is under way");
    if (delivering_) refuse("the transport's protocol is receiving");
    if (!files_.empty()) refuse("the transport is sending a file");
    if (eof_wanted_) refuse("write_eof() was called before");
    if (ended_) refuse("the peer has ended the connection");
    if (receive_error_) {
        throw std::system_error(receive_error_, std::generic_category(), "read from " + name());
    }
}

std::unique_ptr<stream_layer> transport_core::take_layer(byte_buffer& received, byte_buffer& sending,
                                                         byte_buffer& pending) noexcept {
    expect_output();
    received.swap(held_);
    sending.swap(sending_);
    pending.swap(pending_);
    receiving_ = is_sending_ = reading_paused_ = false;
    return std::move(layer_);
}

void transport_core::put_layer(std::unique_ptr<stream_layer> layer) {
    layer_ = std::move(layer);
    try {
        layer_->receive(*this);
        receiving_ = true;
    } catch (...) {
        force_close(std::current_exception());
        throw;
    }
}

// Ending

void transport_core::close() {
    if (closing_) return;
    closing_ = true;
    receive_as_needed();
    layer_->begin_to_finish();
    after_output();
}

/// Nothing is left to be sent: the layer takes its leave.
void transport_core::finish() {
    if (std::exchange(finishing_, true)) return;
    if (layer_->finish()) force_close(nullptr);
}

void transport_core::on_finished(int error) {
    if (lost_) return;
    if (!error) return force_close(nullptr);
    layer_->reset();
    fail("close the connection to ", error);
}

void transport_core::abort() {
    if (layer_ && !lost_) layer_->reset();
    force_close(nullptr);
}

/// Ends the connection, whatever is unsent.
void transport_core::force_close(std::exception_ptr why) noexcept {
    if (lost_) return;
    if (!is_flushed()) layer_->reset();  // the peer is not to take what it got for all of it
    closing_ = true;
    give_up_files(why);
    receive_as_needed();
    lose(std::move(why));
}

void transport_core::fail(const char* what, int error) noexcept { force_close(error_of(what, error)); }

std::exception_ptr transport_core::error_of(const char* what, int error) const noexcept {
    if (error == EPROTO) {
        const std::exception_ptr why = failure_ || !layer_ ? failure_ : layer_->failure();
        if (why) return why;
    }
    try {
        return std::make_exception_ptr(std::system_error(error, std::generic_category(), what + name()));
    } catch (const std::bad_alloc&) {
        return std::current_exception();
    }
}

}  // namespace weft::inline v0
