// SPDX-License-Identifier: Apache-2.0
#include "http/message/request_target.hpp"

#include "http/syntax/characters.hpp"

#include <weft/http/headers.hpp>

#include <algorithm>
#include <cstddef>

namespace weft::inline v0::http {

namespace {

constexpr bool is_host_character(char c) noexcept {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

constexpr bool is_address_character(char c) noexcept { return hex_digit(c) >= 0 || c == ':' || c == '.'; }

bool is_port(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, is_digit)) return false;
    int number = 0;
    for (const char c : text) number = number * 10 + (c - '0');
    return number <= 65535;
}

/// Where the host ends, be it followed by a port or not; 0: there is none.
std::size_t host_size(std::string_view text) noexcept {
    if (!text.starts_with('['))
        return static_cast<std::size_t>(std::ranges::find_if_not(text, is_host_character) - text.begin());
    const auto end = std::ranges::find_if_not(text.substr(1), is_address_character) - text.substr(1).begin() + 1;
    const auto size = static_cast<std::size_t>(end);
    return size > 2 && size < text.size() && text[size] == ']' ? size + 1 : 0;
}

/// A path and what follows its first '?'.
void split_query(std::string_view text, request_target& into) noexcept {
    const std::size_t mark = text.find('?');
    into.path = text.substr(0, mark);
    into.query = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
}

std::string_view read_absolute(std::string_view target, request_target& into) noexcept {
    const std::size_t colon = std::min(target.find(':'), target.size());
    const std::string_view scheme = target.substr(0, colon);
    if ((!is_same_token(scheme, "http") && !is_same_token(scheme, "https")) || !target.substr(colon).starts_with("://"))
        return "the target is neither a path nor an http URL";
    const std::string_view rest = target.substr(colon + 3);
    into.authority = rest.substr(0, rest.find_first_of("/?"));
    if (!is_authority(into.authority)) return "the target's authority is not a host";
    split_query(rest.substr(into.authority.size()), into);
    return {};
}

}  // namespace

bool is_authority(std::string_view text) noexcept {
    const std::size_t size = host_size(text);
    if (size == 0) return false;
    return size == text.size() || (text[size] == ':' && is_port(text.substr(size + 1)));
}

std::string_view read_target(method m, std::string_view target, request_target& into) noexcept {
    if (m == method::connect) {
        into.authority = target;
        const bool has_port = host_size(target) < target.size();
        return has_port && is_authority(target) ? "" : "CONNECT asks for something other than a host and its port";
    }
    if (target.starts_with('/')) {
        split_query(target, into);
        return {};
    }
    if (target == "*") {
        into.path = target;
        return m == method::options ? "" : "only OPTIONS may ask for *";
    }
    return read_absolute(target, into);
}

}  // namespace weft::inline v0::http
