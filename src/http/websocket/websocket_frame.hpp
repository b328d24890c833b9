// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/websocket_options.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Frames as they are on the wire, RFC 6455 5.2. Nothing here knows of sockets, or of what messages are made of frames.

namespace weft::inline v0::http {

enum class websocket_opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr bool is_control(websocket_opcode o) noexcept { return static_cast<std::uint8_t>(o) >= 8; }

/// More than that no control frame carries.
inline constexpr std::size_t max_control_bytes = 125;
inline constexpr std::size_t max_frame_head_bytes = 14;

using websocket_mask = std::array<char, 4>;

struct websocket_frame_head {
    websocket_opcode opcode = websocket_opcode::continuation;
    bool is_final = true;
    bool is_compressed = false;  ///< RSV1: the message that begins here is
    bool is_masked = false;
    websocket_mask mask{};
    std::uint64_t length = 0;  ///< of what follows the head
};

/// What frames of the peer must be.
struct websocket_frame_rules {
    bool are_masked;  ///< a client's are, a server's are not
    bool may_be_compressed;  ///< it was agreed on
};

/// A frame's head at the front of `input`.
/// @param size  becomes what it takes of the input; 0: it is not whole yet, more bytes are wanted
/// @return a sentence that says what is wrong: no more can be read then. Empty: nothing
std::string_view read_frame_head(std::string_view input, websocket_frame_rules rules, websocket_frame_head& into,
                                 std::size_t& size) noexcept;

/// The shortest form of it, at the end of `to`.
void append_frame_head(std::string& to, const websocket_frame_head& head);

/// Masks or unmasks in place, eight bytes at a time.
/// @param position  of the first of these bytes in the frame's payload
void apply_mask(char* bytes, std::size_t size, const websocket_mask& mask, std::uint64_t position) noexcept;

/// Unpredictable, so that no page can choose what its browser's bytes look like to what is in between.
websocket_mask make_mask();

/// A whole frame at the end of `to`; masked, if it is a client's.
void append_frame(std::string& to, websocket_role sender, websocket_opcode opcode, std::string_view payload,
                  bool is_compressed = false);

}  // namespace weft::inline v0::http
