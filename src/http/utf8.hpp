// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace weft::inline v0::http {

/// No overlong forms, no surrogates, nothing above U+10FFFF, nothing cut off. @see RFC 3629 4
bool is_utf8(std::string_view text) noexcept;

}  // namespace weft::inline v0::http
