// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/syntax/characters.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::inline v0::http {

/// Without the spaces and tabs around it.
constexpr std::string_view without_blanks(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

inline std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = to_lower(c);
    return lower;
}

/// Reads a field's value from its front: tokens, quoted strings, parameters. @see RFC 9110 5.6
class field_scanner {
public:
    explicit field_scanner(std::string_view text) noexcept : rest_(text) {}

    bool at_end() const noexcept { return rest_.empty(); }
    std::string_view rest() const noexcept { return rest_; }

    void skip_blanks() noexcept {
        while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    }
    bool take(char c) noexcept {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// Empty: there is none here.
    std::string_view token() noexcept {
        std::size_t size = 0;
        while (size < rest_.size() && is_token_character(rest_[size])) ++size;
        const std::string_view found = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return found;
    }
    /// What stands between the quotes, unescaped. @return empty: there is none here, or it has no end
    std::optional<std::string> quoted_string() {
        if (!take('"')) return std::nullopt;
        std::string text;
        while (!rest_.empty()) {
            char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') return text;
            if (c == '\\') {
                if (rest_.empty()) break;
                c = rest_.front();
                rest_.remove_prefix(1);
            }
            if (!is_value_character(c)) break;
            text += c;
        }
        return std::nullopt;
    }
    /// `name=value` or `name="value"`, the name in lower case. @return empty: there is none here
    std::optional<std::pair<std::string, std::string>> parameter() {
        const std::string_view name = token();
        if (name.empty() || !take('=')) return std::nullopt;
        if (rest_.starts_with('"')) {
            std::optional<std::string> value = quoted_string();
            if (!value) return std::nullopt;
            return std::pair(lower_case(name), *std::move(value));
        }
        const std::string_view value = token();
        if (value.empty()) return std::nullopt;
        return std::pair(lower_case(name), std::string(value));
    }
    /// The next member of a list, up to a comma that stands in no quotes; goes past the comma.
    std::string_view member() noexcept {
        bool quoted = false;
        std::size_t size = 0;
        for (; size < rest_.size() && (quoted || rest_[size] != ','); ++size) {
            if (rest_[size] == '"') quoted = !quoted;
            if (rest_[size] == '\\' && quoted) ++size;
        }
        size = std::min(size, rest_.size());
        const std::string_view found = without_blanks(rest_.substr(0, size));
        rest_.remove_prefix(std::min(size + 1, rest_.size()));
        return found;
    }

private:
    std::string_view rest_;
};

/// For a message: without what would not be sent, or shown, as it is.
inline std::string shown(std::string_view text) {
    std::string result;
    for (const char c : text.substr(0, 64)) result += c >= ' ' && c <= '~' ? c : '?';
    return text.size() > 64 ? result + "…" : result;
}

}  // namespace weft::inline v0::http
