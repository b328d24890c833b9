// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/websocket/websocket_decoder.hpp"

#include <weft/base/clock.hpp>
#include <weft/http/websocket.hpp>
#include <weft/io/stream.hpp>
#include <weft/loop/handle.hpp>
#include <weft/sync/event.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// What was agreed on in the handshake.
struct websocket_agreement {
    std::string subprotocol = {};
    std::optional<deflate_agreement> deflate = std::nullopt;
};

/// A WebSocket: owned by its `websocket`, by the tasks that wait for it, and on a server by the task that talks.
///
///     open → closing   a close frame was sent   → over
///          → parting   and one was received     → over
///          → failing   the peer was told what it did wrong; what it still sends is dropped → over
///
/// One task at a time reads, be it in receive() or in close(). Whatever it has read so far is kept here and not in its
/// frame, so that another can go on in the middle of a message. Time is kept by callbacks: one that pings and looks whether
/// anything came of it, one that ends what takes too long to end.
class websocket_core : public std::enable_shared_from_this<websocket_core> {
public:
    websocket_core(stream s, websocket_role role, const websocket_options& options, websocket_agreement agreed);
    ~websocket_core();
    /// Pings, from now on.
    void start();

    static task<std::optional<websocket_message>> receive(std::shared_ptr<websocket_core> self);
    static task<> close(std::shared_ptr<websocket_core> self, std::uint16_t code, std::string reason);

    output_awaiter send(websocket_opcode opcode, std::string_view payload);
    output_awaiter ping(std::string_view payload);

    /// Sends a close frame, unless one was sent or cannot be, and sees to it that it all ends within the timeout.
    /// @throws std::invalid_argument
    void begin_close(const websocket_close& why);
    /// Its `websocket` is destroyed.
    void release() noexcept;
    /// Another one than its `websocket` sees to its end: release() does nothing then.
    void keep() noexcept { is_kept_ = true; }
    /// Nobody wants it any more: what was written is still sent.
    void abandon() noexcept;

    // For frames that many share

    /// What a frame must be for send_frame(): compressed with at most so many bits; 0: not compressed. Empty: it takes none
    /// but its own, for they are masked.
    std::optional<int> shared_window_bits() const noexcept;
    std::size_t threshold_bytes() const noexcept { return options_.compression.threshold_bytes; }
    /// Not waiting. @throws as send()
    void send_frame(std::string_view frame);
    output_awaiter drain() { return stream_.drain(); }

    bool is_open() const noexcept { return state_ == state::open; }
    std::optional<std::uint16_t> close_code() const noexcept { return close_code_; }
    const std::string& close_reason() const noexcept { return close_reason_; }
    const websocket_agreement& agreed() const noexcept { return agreed_; }
    std::size_t write_buffer_size() const noexcept { return stream_ ? stream_.write_buffer_size() : 0; }
    address peer() const { return stream_.peer(); }
    websocket_role role() const noexcept { return role_; }

private:
    enum class state : std::uint8_t { open, closing, parting, failing, over };
    class reading;

    task<std::optional<websocket_message>> next_message();
    void take_control(websocket_decoder::event e);
    void answer_ping();
    void send_owed_pong();
    void take_close();
    void fail(const websocket_close& why) noexcept;
    void lose(const std::string& why) noexcept;
    task<> part();
    task<> linger();
    void end() noexcept;

    void require_open() const;
    void write(websocket_opcode opcode, std::string_view payload, bool is_compressed = false);
    void write_quietly(websocket_opcode opcode, std::string_view payload) noexcept;

    void keep_alive();
    void look_for_life();
    template <void (websocket_core::*on_time)()>
    timer_handle call_later(std::chrono::nanoseconds delay);
    void end_within(std::chrono::nanoseconds limit);
    void take_too_long();

    stream stream_;
    const websocket_role role_;
    const websocket_options options_;
    const websocket_agreement agreed_;
    websocket_decoder decoder_;
    std::optional<message_deflater> deflater_;

    state state_ = state::open;
    bool is_kept_ = false;
    bool is_receiving_ = false, is_closing_ = false;  // who reads: receive() or close()
    event reader_left_;  // set and cleared at once
    std::exception_ptr error_;  // what receive() throws at the end
    std::optional<std::uint16_t> close_code_;
    std::string close_reason_;

    timer_handle ping_timer_, end_timer_;
    std::string ping_payload_;  // of the last ping; empty: it was answered
    std::uint64_t pings_ = 0;
    std::uint64_t written_ = 0, consumed_ = 0;  // bytes given to the stream, taken from it
    std::uint64_t sent_at_ping_ = 0, consumed_at_ping_ = 0;
    bool was_blocked_at_ping_ = false;  // something waited for the peer
    std::optional<std::string> owed_pong_;  // to the last ping, while too much is unsent
    clock::time_point second_began_;
    std::size_t control_frames_ = 0;  // in that second
};

}  // namespace weft::inline v0::http
