// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/websocket.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace weft::inline v0::http {

class room_core;
class room_member;

struct room_options {
    /// What waits for one member, beyond the 64 KiB or so that its stream holds.
    std::size_t outbox_messages = 64;
    std::size_t outbox_bytes = 256 * 1024;
    /// What becomes of a member whose outbox is full. One that is dropped is told so (1008), and reset if it does not answer
    /// within its close_timeout; its receive() ends as with any close.
    enum class policy : std::uint8_t { drop_member, drop_oldest } when_full = policy::drop_member;
};

/// Says something to many WebSockets at once, without waiting: one that takes it slowly keeps nobody waiting but itself.
///
///     const auto here = lobby.join(ws);  // until the end of the scope
///     while (auto message = co_await ws.receive()) lobby.send_text(message->data);
///
/// A message is made a frame once, and compressed at most once, however many the members: they share its bytes. (Not those
/// that compress with context, who get it uncompressed; nor a client's, whose frames are masked.)
/// @thread its loop's  @cost of a member that keeps up one write, and no task
class room {
public:
    explicit room(const room_options& options = {});
    room(const room&) = delete;
    ~room();

    /// A place in the room; given up with this object.
    class [[nodiscard("the member leaves when this is destroyed")]] member {
    public:
        member(member&& other) noexcept;
        member& operator=(member&& other) noexcept;
        ~member();
        /// Messages that it missed because it was too slow.
        std::size_t missed() const noexcept;

    private:
        friend class room;
        explicit member(std::shared_ptr<room_member> m) noexcept;
        std::shared_ptr<room_member> member_;
    };

    /// What was said before is not heard. `ws` may be moved meanwhile.
    member join(websocket& ws);
    /// To all members but `except`.
    /// @throws std::invalid_argument  `text` is not UTF-8
    void send_text(std::string_view text, const member* except = nullptr);
    void send_binary(std::span<const std::byte> bytes, const member* except = nullptr);
    void send_binary(std::string_view bytes, const member* except = nullptr) {
        send_binary(std::as_bytes(std::span(bytes)), except);
    }
    /// How many members there are.
    std::size_t size() const noexcept;

private:
    std::unique_ptr<room_core> core_;
};

}  // namespace weft::inline v0::http
