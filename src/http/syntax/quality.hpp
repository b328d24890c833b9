// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/syntax/characters.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace weft::inline v0::http {

/// In thousandths. "0", "0.", "0.123", "1", "1.000". @see RFC 9110 12.4.2
inline std::optional<int> parse_quality(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    int value = text[0] - '0';
    for (std::size_t at = 2; at < 5; ++at) {
        const char c = at < text.size() ? text[at] : '0';
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value > 1000 ? std::nullopt : std::optional(value);
}

}  // namespace weft::inline v0::http
