// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/utf8.hpp"
#include "http/websocket/websocket_core.hpp"

#include <weft/loop/event_loop.hpp>

#include <array>
#include <cstring>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>

// What a WebSocket sends of its own accord and for others, and when.

namespace weft::inline v0::http {

namespace {

/// With more than that unsent, pings are answered later, and only the last of them. @see RFC 6455 5.5.3
constexpr std::size_t pong_bytes = 64 * 1024;

}  // namespace

void websocket_core::require_open() const {
    if (state_ == state::open) return;
    throw websocket_error(close_code_.value_or(close_code::normal),
                          state_ == state::over ? "it has ended" : "it is closing");
}

/// In one piece, in the order of the calls: a client's frame is copied to be masked, a server's head goes before its payload.
void websocket_core::write(websocket_opcode opcode, std::string_view payload, bool is_compressed) {
    std::string frame;
    if (role_ == websocket_role::client) {
        append_frame(frame, role_, opcode, payload, is_compressed);
        send_frame(frame);
        return;
    }
    append_frame_head(frame, {.opcode = opcode, .is_compressed = is_compressed, .length = payload.size()});
    const std::array pieces{std::as_bytes(std::span(frame)), std::as_bytes(std::span(payload))};
    static_cast<void>(stream_.write(pieces));
    written_ += frame.size() + payload.size();
}

void websocket_core::send_frame(std::string_view frame) {
    static_cast<void>(stream_.write(frame));
    written_ += frame.size();
}

/// For what nobody waits for: where the connection is lost, whoever reads hears of it.
void websocket_core::write_quietly(websocket_opcode opcode, std::string_view payload) noexcept {
    try {
        write(opcode, payload);
    } catch (const std::exception& lost) {
        lose(lost.what());
    }
}

output_awaiter websocket_core::send(websocket_opcode opcode, std::string_view payload) {
    require_open();
    if (opcode == websocket_opcode::text && !is_utf8(payload))
        throw std::invalid_argument("websocket: a text is not UTF-8");
    if (deflater_ && payload.size() >= options_.compression.threshold_bytes) {
        std::string compressed;
        deflater_->deflate(payload, compressed);
        if (deflater_->agreed().keeps_context || compressed.size() < payload.size()) {
            write(opcode, compressed, true);
            return stream_.drain();
        }
    }
    write(opcode, payload);
    return stream_.drain();
}

output_awaiter websocket_core::ping(std::string_view payload) {
    require_open();
    if (payload.size() > max_control_bytes) throw std::invalid_argument("websocket: a ping carries at most 125 bytes");
    write(websocket_opcode::ping, payload);
    return stream_.drain();
}

void websocket_core::begin_close(const websocket_close& why) {
    const std::string payload = close_payload(why);
    if (state_ != state::open) return;
    state_ = state::closing;
    write_quietly(websocket_opcode::close, payload);
    if (state_ == state::closing) end_within(options_.close_timeout);
}

void websocket_core::answer_ping() {
    if (state_ != state::open) return;
    owed_pong_ = decoder_.payload();
    send_owed_pong();
}

void websocket_core::send_owed_pong() {
    if (!owed_pong_ || state_ != state::open || stream_.write_buffer_size() > pong_bytes) return;
    const std::string payload = *std::exchange(owed_pong_, std::nullopt);
    write_quietly(websocket_opcode::pong, payload);
}

std::optional<int> websocket_core::shared_window_bits() const noexcept {
    if (role_ == websocket_role::client) return std::nullopt;
    if (!deflater_ || deflater_->agreed().keeps_context) return 0;
    return deflater_->agreed().window_bits;
}

// Time

/// Not if it has ended by then, or nobody has it any more.
template <void (websocket_core::*on_time)()>
timer_handle websocket_core::call_later(std::chrono::nanoseconds delay) {
    return get_running_loop().call_later(delay, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) (*self.*on_time)();
    });
}

void websocket_core::start() {
    if (options_.ping_interval) ping_timer_ = call_later<&websocket_core::keep_alive>(*options_.ping_interval);
}

void websocket_core::keep_alive() {
    if (state_ != state::open) return;
    send_owed_pong();
    was_blocked_at_ping_ = stream_.write_buffer_size() > 0;
    ++pings_;
    ping_payload_.assign(reinterpret_cast<const char*>(&pings_), sizeof pings_);
    write_quietly(websocket_opcode::ping, ping_payload_);
    if (state_ != state::open) return;
    sent_at_ping_ = written_ - stream_.write_buffer_size();
    consumed_at_ping_ = consumed_;
    ping_timer_ = call_later<&websocket_core::look_for_life>(options_.ping_timeout);
}

/// Was the ping answered, or did the peer show otherwise that it is there: by taking some of what waits for it (a ping waits
/// behind that), or if nothing does, by sending something? What it sent and nobody has received yet counts as well.
void websocket_core::look_for_life() {
    if (state_ != state::open) return;
    const std::size_t unsent = stream_.write_buffer_size();
    const bool takes = unsent > 0 ? written_ - unsent > sent_at_ping_ : was_blocked_at_ping_;
    const bool sends = unsent == 0 && (consumed_ > consumed_at_ping_ || !stream_.buffered().empty());
    if (!ping_payload_.empty() && !takes && !sends) return lose("the peer has not answered a ping");
    ping_timer_ = call_later<&websocket_core::keep_alive>(*options_.ping_interval);
}

void websocket_core::end_within(std::chrono::nanoseconds limit) {
    ping_timer_.cancel();
    end_timer_.cancel();
    end_timer_ = call_later<&websocket_core::take_too_long>(limit);
}

void websocket_core::take_too_long() {
    if (state_ == state::closing) return lose("the peer has not answered the close frame");
    if (state_ == state::over) return;
    stream_.abort();
    end();
}

}  // namespace weft::inline v0::http
