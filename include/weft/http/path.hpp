// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// The path of a request as routes and files are looked up by: percent-decoded once, without dot segments. It begins with
/// a slash, is UTF-8 without control characters, and none of its segments is "." or "..".
///
/// What means different paths to different programs is refused: an encoded slash, a backslash however it is written,
/// NUL and other control characters, bytes that are no UTF-8 (overlong dots among them), a % without two digits, and a
/// ".." above the root. "%2e" is a dot. "%252e" is "%2e", and no dot. Empty segments stay: "//" is not "/".
/// @throws http_error  400, also where there is no slash in front
std::string decode_path(std::string_view path);

}  // namespace weft::inline v0::http
