// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/websocket/websocket_core.hpp"

#include <weft/base/intrusive_list.hpp>
#include <weft/http/room.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

using shared_frame = std::shared_ptr<const std::string>;

/// A message as each kind of member takes it, made when the first of them wants it.
class shared_frames {
public:
    shared_frames(websocket_opcode opcode, std::string_view payload) noexcept : opcode_(opcode), payload_(payload) {}
    shared_frame frame_for(const websocket_core& c);

private:
    const websocket_opcode opcode_;
    const std::string_view payload_;
    std::array<shared_frame, 16> by_window_bits_;  // 0: not compressed
};

/// Somebody in a room: what waits until the stream has sent what it has.
class room_member : public list_node, public std::enable_shared_from_this<room_member> {
public:
    room_member(std::shared_ptr<websocket_core> core, const room_options& options) noexcept
        : core_(std::move(core)), options_(options) {}

    /// Sends it now or later, or does what is to be done when there is too much.
    void take(shared_frames& frames);
    /// What it has not got it does not get any more.
    void leave() noexcept;
    std::size_t missed() const noexcept { return missed_; }

private:
    void enqueue(shared_frame frame);
    void drop_first() noexcept;
    bool is_full(std::size_t more_bytes) const noexcept;
    static task<> send_rest(std::shared_ptr<room_member> self);

    const std::shared_ptr<websocket_core> core_;
    const room_options options_;
    std::deque<shared_frame> outbox_;
    std::size_t outbox_bytes_ = 0;
    std::size_t missed_ = 0;
    bool is_sending_rest_ = false;
};

class room_core {
public:
    explicit room_core(const room_options& options) noexcept : options(options) {}
    const room_options options;
    intrusive_list<room_member> members;
};

}  // namespace weft::inline v0::http
