// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

namespace weft::inline v0::http {

/// The codes of a WebSocket's end; an application may have its own from 3000 to 4999. @see RFC 6455 7.4.1
namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t no_code = 1005;  ///< never sent: the close frame had none
inline constexpr std::uint16_t lost = 1006;  ///< never sent: there was no close frame
inline constexpr std::uint16_t invalid_data = 1007;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t too_big = 1009;
inline constexpr std::uint16_t internal_error = 1011;
inline constexpr std::uint16_t try_again_later = 1013;
}  // namespace close_code

/// Of codes as they are in close_code.
const std::error_category& websocket_category() noexcept;

/// A WebSocket has ended otherwise than by a close frame of the peer's: it was lost, or broken off because of what the
/// peer sent. Or one that has ended is written to. A std::system_error, as it is of any connection that is lost.
/// @see websockets.ConnectionClosedError
class websocket_error : public std::system_error {
public:
    websocket_error(std::uint16_t code, const std::string& what)
        : std::system_error(code, websocket_category(), "websocket: " + what) {}
    std::uint16_t close_code() const noexcept { return static_cast<std::uint16_t>(code().value()); }
};

}  // namespace weft::inline v0::http
