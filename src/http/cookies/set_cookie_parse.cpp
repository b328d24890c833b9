// SPDX-License-Identifier: Apache-2.0
#include "http/cookies/cookie_date.hpp"
#include "http/syntax/field_scanner.hpp"

#include <weft/http/headers.hpp>
#include <weft/http/set_cookie.hpp>

#include <algorithm>
#include <utility>

namespace weft::inline v0::http {

namespace {

constexpr std::size_t max_pair_bytes = 4096, max_attribute_bytes = 1024;  // RFC 6265bis 5.6
constexpr std::chrono::seconds longest_age = std::chrono::days(400);      // RFC 6265bis 5.6.2

/// Cuts a piece, up to a semicolon, off the front: its name and its value.
std::pair<std::string_view, std::string_view> take_pair(std::string_view& rest) noexcept {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view piece = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t equals = std::min(piece.find('='), piece.size());
    return {without_blanks(piece.substr(0, equals)), without_blanks(piece.substr(std::min(equals + 1, piece.size())))};
}

/// @return empty: it is no whole number. One that is very great or small is the greatest or smallest that there can be.
std::optional<std::chrono::seconds> parse_age(std::string_view text) noexcept {
    const bool is_negative = text.starts_with('-');
    const std::string_view digits = text.substr(is_negative ? 1 : 0);
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    std::chrono::seconds age{0};
    for (const char c : digits) age = std::min(age * 10 + std::chrono::seconds(c - '0'), longest_age);
    return is_negative ? -age : age;
}

void set_attribute(set_cookie& cookie, std::string_view name, std::string_view value) {
    if (value.size() > max_attribute_bytes) return;
    if (is_same_token(name, "Expires")) {
        if (const auto time = parse_cookie_date(value)) cookie.expires = time;
    } else if (is_same_token(name, "Max-Age")) {
        if (const auto age = parse_age(value)) cookie.max_age = age;
    } else if (is_same_token(name, "Domain")) {
        if (value.starts_with('.')) value.remove_prefix(1);
        cookie.domain = lower_case(value);
    } else if (is_same_token(name, "Path")) {
        cookie.path = value.starts_with('/') ? value : std::string_view();
    } else if (is_same_token(name, "Secure")) {
        cookie.secure = true;
    } else if (is_same_token(name, "HttpOnly")) {
        cookie.http_only = true;
    } else if (is_same_token(name, "Partitioned")) {
        cookie.partitioned = true;
    } else if (is_same_token(name, "SameSite")) {
        cookie.same_site = same_site::unset;
        if (is_same_token(value, "Strict")) cookie.same_site = same_site::strict;
        if (is_same_token(value, "Lax")) cookie.same_site = same_site::lax;
        if (is_same_token(value, "None")) cookie.same_site = same_site::none;
    }
}

}  // namespace

std::optional<set_cookie> set_cookie::parse(std::string_view field) {
    if (!std::ranges::all_of(field, is_value_character)) return std::nullopt;
    const bool has_name = field.substr(0, field.find(';')).contains('=');
    const auto [name, value] = take_pair(field);
    if (!has_name || name.empty() || name.size() + value.size() > max_pair_bytes) return std::nullopt;
    set_cookie cookie{.name = std::string(name),
                      .value = std::string(value),
                      .path = {},
                      .http_only = false,
                      .same_site = same_site::unset};
    while (!field.empty()) {
        const auto [attribute, setting] = take_pair(field);
        set_attribute(cookie, attribute, setting);
    }
    return cookie;
}

}  // namespace weft::inline v0::http
