// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_close.hpp"

#include "http/syntax/utf8.hpp"
#include "http/websocket/websocket_frame.hpp"

#include <weft/http/websocket_error.hpp>

#include <stdexcept>

namespace weft::inline v0::http {

bool is_close_code(unsigned code) noexcept {
    if (code >= 3000 && code <= 4999) return true;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

websocket_close read_close(std::string_view payload, websocket_close& into) noexcept {
    into = {.code = close_code::no_code};
    if (payload.empty()) return {};
    if (payload.size() == 1) return {close_code::protocol_error, "a close frame has half a code"};
    const unsigned code =
        static_cast<unsigned>(static_cast<unsigned char>(payload[0])) << 8 | static_cast<unsigned char>(payload[1]);
    if (!is_close_code(code)) return {close_code::protocol_error, "a close frame has a code that none may have"};
    if (!is_utf8(payload.substr(2))) return {close_code::invalid_data, "the reason of a close frame is not UTF-8"};
    into = {static_cast<std::uint16_t>(code), payload.substr(2)};
    return {};
}

std::string close_payload(websocket_close close) {
    if (close.code == close_code::no_code && close.reason.empty()) return {};
    if (!is_close_code(close.code))
        throw std::invalid_argument("websocket: " + std::to_string(close.code) + " is no code to close with");
    if (close.reason.size() > max_control_bytes - 2)
        throw std::invalid_argument("websocket: a reason to close has at most 123 bytes");
    if (!is_utf8(close.reason)) throw std::invalid_argument("websocket: the reason to close is not UTF-8");
    std::string payload{static_cast<char>(close.code >> 8), static_cast<char>(close.code)};
    payload += close.reason;
    return payload;
}

}  // namespace weft::inline v0::http
