// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace weft::inline v0::http {

/// What clients make of the date in a cookie's Expires, which servers write in many ways. @see RFC 6265 5.1.1
std::optional<std::chrono::sys_seconds> parse_cookie_date(std::string_view text) noexcept;

}  // namespace weft::inline v0::http
