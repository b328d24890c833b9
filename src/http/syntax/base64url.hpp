// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// With - and _ for + and /, and without padding. @see RFC 4648 5
std::string encode_base64url(std::string_view bytes);
/// Takes only what encode_base64url() writes: one text for what it stands for.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace weft::inline v0::http
