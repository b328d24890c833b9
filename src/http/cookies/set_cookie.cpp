// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/field_scanner.hpp"

#include <weft/http/date.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/set_cookie.hpp>

#include <algorithm>
#include <stdexcept>

namespace weft::inline v0::http {

namespace {

constexpr std::size_t max_pair_bytes = 4096, max_attribute_bytes = 1024;  // RFC 6265bis 5.6

bool begins_with(std::string_view name, std::string_view prefix) noexcept {
    return is_same_token(name.substr(0, prefix.size()), prefix);
}

/// RFC 6265 4.1.1, cookie-octet
bool is_value_octet(char c) noexcept { return c > ' ' && c <= '~' && !std::string_view("\",;\\").contains(c); }
bool is_path_character(char c) noexcept { return c >= ' ' && c <= '~' && c != ';'; }
bool is_domain_character(char c) noexcept { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; }

void require(bool is_right, const set_cookie& cookie, const char* why) {
    if (!is_right) throw std::invalid_argument("http: the cookie '" + shown(cookie.name) + "' " + why);
}

void require_sound(const set_cookie& c) {
    using std::ranges::all_of;
    require(is_token(c.name), c, "has no name, or one that is no token");
    require(all_of(c.value, is_value_octet), c, "has a value with characters that have to be encoded");
    require(c.name.size() + c.value.size() <= max_pair_bytes, c, "has more than 4096 bytes");
    require(all_of(c.path, is_path_character) && c.path.size() <= max_attribute_bytes, c, "has no proper path");
    require(c.path.empty() || c.path.starts_with('/'), c, "has a path that begins with no slash");
    require(all_of(c.domain, is_domain_character) && c.domain.size() <= max_attribute_bytes, c, "has no proper domain");
    require(!c.domain.starts_with('.') && !c.domain.ends_with('.'), c,
            "has a domain with a dot in front or at its end");
    require(c.secure || c.same_site != same_site::none, c, "has SameSite=None without Secure");
    require(c.secure || !c.partitioned, c, "is partitioned without Secure");
    require(c.keeps_its_prefix(), c,
            "is not what the prefix of its name says: Secure; for __Host- Path=/ and no Domain");
}

}  // namespace

bool set_cookie::keeps_its_prefix() const noexcept {
    if (begins_with(name, "__Host-")) return secure && path == "/" && domain.empty();
    return secure || !begins_with(name, "__Secure-");
}

std::string set_cookie::to_string() const {
    require_sound(*this);
    std::string text = name + "=" + value;
    if (!path.empty()) text += "; Path=" + path;
    if (!domain.empty()) text += "; Domain=" + domain;
    if (max_age) text += "; Max-Age=" + std::to_string(max_age->count());
    if (expires) text += "; Expires=" + format_date(*expires);
    if (secure) text += "; Secure";
    if (http_only) text += "; HttpOnly";
    switch (same_site) {
        case same_site::unset: break;
        case same_site::strict: text += "; SameSite=Strict"; break;
        case same_site::lax: text += "; SameSite=Lax"; break;
        case same_site::none: text += "; SameSite=None"; break;
    }
    if (partitioned) text += "; Partitioned";
    return text;
}

}  // namespace weft::inline v0::http
