// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace weft::inline v0::http {

/// SHA-1, for the handshake of WebSocket alone, where it is a checksum that no cache gets right by chance and protects
/// nothing. Its own, so that WebSockets need no OpenSSL. @see RFC 3174
std::array<char, 20> sha1(std::string_view text);

}  // namespace weft::inline v0::http
