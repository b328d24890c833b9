// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mini_redis {

inline char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// @param lower  the word to compare with, in lower case
inline bool is_word(std::string_view text, std::string_view lower) noexcept {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (to_lower(text[i]) != lower[i]) return false;
    }
    return true;
}

/// An integer as Redis accepts it: no plus sign, no leading zero, no space, no "-0". So an integer has one spelling,
/// and a value may be kept as a number and printed back the same.
inline std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
    if (text == "0") return 0;
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    if (text.size() <= first || text[first] < '1' || text[first] > '9') return std::nullopt;
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// What C's "%.*s" would print of `text`: Redis quotes user input in its errors that way.
inline std::string_view quoted(std::string_view text, std::size_t most = 128) noexcept {
    text = text.substr(0, most);
    return text.substr(0, text.find('\0'));
}

/// Shell-style matching: * ? [a-z] [^a] \x. Takes at most text × pattern steps, whatever the pattern.
bool matches_glob(std::string_view pattern, std::string_view text, bool ignore_case = false) noexcept;

}  // namespace mini_redis
