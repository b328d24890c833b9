// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <utility>

namespace mini_redis {

namespace {

bool same(char a, char b, bool ignore_case) noexcept { return ignore_case ? to_lower(a) == to_lower(b) : a == b; }

// Matches one character against the class that starts after '[' at `at`; leaves `at` behind the closing bracket.
bool matches_class(std::string_view pattern, std::size_t& at, char c, bool ignore_case) noexcept {
    const bool inverted = at < pattern.size() && pattern[at] == '^';
    if (inverted) ++at;
    const auto fold = [&](char x) { return static_cast<unsigned char>(ignore_case ? to_lower(x) : x); };
    bool found = false;
    for (; at < pattern.size() && pattern[at] != ']'; ++at) {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) {
            ++at;
            if (pattern[at] == c) found = true;
        } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
            unsigned char low = fold(pattern[at]), high = fold(pattern[at + 2]);
            if (low > high) std::swap(low, high);
            if (low <= fold(c) && fold(c) <= high) found = true;
            at += 2;
        } else if (same(pattern[at], c, ignore_case)) {
            found = true;
        }
    }
    if (at < pattern.size()) ++at;  // the bracket; an unclosed class ends with the pattern
    return found != inverted;
}

// Matches one character of the text against the pattern's element at `at`, and steps over the element.
bool matches_one(std::string_view pattern, std::size_t& at, char c, bool ignore_case) noexcept {
    switch (pattern[at]) {
        case '?': ++at; return true;
        case '[': return matches_class(pattern, ++at, c, ignore_case);
        case '\\':
            if (at + 1 < pattern.size()) ++at;
            [[fallthrough]];
        default: return same(pattern[at++], c, ignore_case);
    }
}

}  // namespace

// Only the last star ever needs another try: whatever an earlier one matched differently, the last could make up for.
bool matches_glob(std::string_view pattern, std::string_view text, bool ignore_case) noexcept {
    constexpr std::size_t none = std::string_view::npos;
    std::size_t at = 0, position = 0, star = none, retry = 0;
    while (position < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = ++at;
            retry = position;
            continue;
        }
        if (at < pattern.size() && matches_one(pattern, at, text[position], ignore_case)) {
            ++position;
            continue;
        }
        if (star == none) return false;
        at = star;
        position = ++retry;
    }
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

}  // namespace mini_redis
