// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// Why a connection ends: what a close frame carries.
struct websocket_close {
    std::uint16_t code = 0;
    std::string_view reason = {};
};

/// Whether a close frame may carry it: neither what only stands for the lack of one, nor what is reserved.
/// @see RFC 6455 7.4, the registry of IANA
bool is_close_code(unsigned code) noexcept;

/// What a close frame of the peer says; without a payload that is no_code.
/// @return what is wrong with it, with the code to answer with; of code 0: nothing
websocket_close read_close(std::string_view payload, websocket_close& into) noexcept;

/// The payload of a close frame; nothing for no_code.
/// @throws std::invalid_argument  it may carry no such code; the reason is no UTF-8, or longer than 123 bytes
std::string close_payload(websocket_close close);

}  // namespace weft::inline v0::http
