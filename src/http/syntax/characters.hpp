// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

// Which characters may stand where in HTTP: RFC 9110 5.5 and 5.6.2. Of ASCII: no locale has a say.

namespace weft::inline v0::http {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// 0 to 15, or -1.
constexpr int hex_digit(char c) noexcept {
    if (is_digit(c)) return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

inline constexpr auto token_characters = [] {
    std::array<bool, 256> table{};
    for (int c = 0; c < 256; ++c) {
        table[static_cast<std::size_t>(c)] = is_digit(static_cast<char>(c)) || is_letter(static_cast<char>(c));
    }
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
    return table;
}();
constexpr bool is_token_character(char c) noexcept { return token_characters[static_cast<unsigned char>(c)]; }

/// What a field's value is made of: all but control characters, the tab excepted. Bytes above ASCII are nobody's.
constexpr bool is_value_character(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

}  // namespace weft::inline v0::http
