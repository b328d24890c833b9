// SPDX-License-Identifier: Apache-2.0
#include "http/cookies/cookie_date.hpp"

#include "http/syntax/calendar.hpp"
#include "http/syntax/field_scanner.hpp"

#include <weft/http/headers.hpp>

namespace weft::inline v0::http {

namespace {

bool is_delimiter(char c) noexcept {
    return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

/// Takes `least` to `most` digits, and no more, off the front. @return empty: they are not there
std::optional<unsigned> take_number(std::string_view& text, std::size_t least, std::size_t most) noexcept {
    unsigned value = 0;
    std::size_t size = 0;
    for (; size < text.size() && is_digit(text[size]); ++size) {
        if (size == most) return std::nullopt;
        value = value * 10 + static_cast<unsigned>(text[size] - '0');
    }
    if (size < least) return std::nullopt;
    text.remove_prefix(size);
    return value;
}

/// hh:mm:ss, and anything but a digit behind it.
bool read_time(std::string_view token, calendar_time& at) noexcept {
    calendar_time found = at;
    for (unsigned* const part : {&found.hour, &found.minute, &found.second}) {
        if (part != &found.hour) {
            if (!token.starts_with(':')) return false;
            token.remove_prefix(1);
        }
        const std::optional<unsigned> value = take_number(token, 1, 2);
        if (!value) return false;
        *part = *value;
    }
    at = found;
    return true;
}

unsigned month_of(std::string_view token) noexcept {
    for (unsigned i = 0; i < month_names.size(); ++i) {
        if (is_same_token(token.substr(0, 3), month_names[i])) return i + 1;
    }
    return 0;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_cookie_date(std::string_view text) noexcept {
    calendar_time at;
    std::optional<unsigned> day, year;
    bool has_time = false;
    while (!text.empty()) {
        std::size_t size = 0;
        while (size < text.size() && !is_delimiter(text[size])) ++size;
        const std::string_view token = text.substr(0, size);
        text.remove_prefix(std::min(size + 1, text.size()));
        if (token.empty()) continue;
        std::string_view rest = token;
        if (!has_time && read_time(token, at)) {
            has_time = true;
        } else if (std::optional<unsigned> number; !day && (number = take_number(rest, 1, 2))) {
            day = number;
        } else if (at.month == 0 && month_of(token) != 0) {
            at.month = month_of(token);
        } else if (rest = token; !year && (number = take_number(rest, 2, 4))) {
            year = number;
        }
    }
    if (!has_time || !day || at.month == 0 || !year) return std::nullopt;
    at.day = *day;
    at.year = static_cast<int>(*year < 70 ? *year + 2000 : *year < 100 ? *year + 1900 : *year);
    if (at.year < 1601) return std::nullopt;
    return at.to_time(false);
}

}  // namespace weft::inline v0::http
