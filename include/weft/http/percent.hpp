// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// Each byte as %XX but for letters, digits, - . _ ~ and those in `keep`.
/// @see urllib.parse.quote(text, safe=keep), RFC 3986 2.1
std::string percent_encode(std::string_view text, std::string_view keep = {});

/// What percent_encode() was given. Decodes once: "%2541" is "%41". Any bytes can come of it, NUL too; a plus stays one.
/// @throws std::invalid_argument  a % without two hexadecimal digits behind it, which CPython would let stand
/// @see urllib.parse.unquote_to_bytes
std::string percent_decode(std::string_view text);

}  // namespace weft::inline v0::http
