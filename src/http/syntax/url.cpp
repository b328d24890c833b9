// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/characters.hpp"
#include "http/syntax/field_scanner.hpp"
#include "http/syntax/url_parts.hpp"

#include <weft/http/percent.hpp>
#include <weft/http/url.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <stdexcept>

namespace weft::inline v0::http {

namespace {

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument("http: no URL: " + why); }

std::uint16_t port_of(std::string_view scheme) noexcept { return scheme == "https" || scheme == "wss" ? 443 : 80; }

bool is_address(int family, std::string_view text) {
    in6_addr ignored;
    if (text.contains('\0')) return false;  // where inet_pton() would see the end
    return inet_pton(family, std::string(text).c_str(), &ignored) == 1;
}

/// Whether a resolver may take it for an address: its last label is a number, of any base.
bool ends_in_number(std::string_view host) noexcept {
    if (host.ends_with('.')) host.remove_suffix(1);
    const std::string_view last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
    if (last.starts_with("0x")) return std::ranges::all_of(last.substr(2), [](char c) { return hex_digit(c) >= 0; });
    return std::ranges::all_of(last, is_digit);
}

void require_name(std::string_view host) {
    std::string_view rest = host;
    if (rest.ends_with('.')) rest.remove_suffix(1);
    if (rest.empty() || rest.size() > 253) refuse("a host has 1 to 253 characters");
    while (true) {
        const std::size_t size = std::min(rest.find('.'), rest.size());
        if (size == 0 || size > 63) refuse("its host '" + shown(host) + "' has a label that is empty or too long");
        if (size == rest.size()) return;
        rest.remove_prefix(size + 1);
    }
}

/// What people write into paths and queries although it has no place there, encoded as browsers do it.
std::string repaired(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const bool is_wrong = static_cast<unsigned char>(c) >= 0x80 || std::string_view(" \"<>[]^`{|}").contains(c);
        if (is_wrong) {
            result += percent_encode({&c, 1});
        } else {
            result += c;
        }
    }
    return result;
}

}  // namespace

url::url(std::string_view text) {
    const parts from(text);
    if (!from.scheme || !from.authority) refuse("'scheme://host' is missing");
    set_scheme(*from.scheme);
    set_authority(*from.authority);
    set_rest(from.path, from);
}

void url::set_scheme(std::string_view text) {
    scheme_ = lower_case(text);
    for (const std::string_view known : {"http", "https", "ws", "wss"}) {
        if (scheme_ == known) return;
    }
    refuse("its scheme '" + shown(text) + "' is none of http, https, ws, wss");
}

void url::set_authority(std::string_view text) {
    credentials_.reset();
    if (const std::size_t at = text.rfind('@'); at != text.npos) {
        const std::string_view both = text.substr(0, at);
        require_url_characters(both, {}, "user and password");
        if (both.contains('@')) refuse("there is a second '@' before its host");
        const std::size_t colon = std::min(both.find(':'), both.size());
        credentials_ = {.user = percent_decode(both.substr(0, colon)),
                        .password = percent_decode(both.substr(std::min(colon + 1, both.size())))};
        text.remove_prefix(at + 1);
    }
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos || !is_address(AF_INET6, text.substr(1, end - 1)))
            refuse("its host '" + shown(text) + "' is no IPv6 address");
        host_ = lower_case(text.substr(1, end - 1));
        text.remove_prefix(end + 1);
    } else {
        const std::size_t end = std::min(text.find(':'), text.size());
        set_host(text.substr(0, end));
        text.remove_prefix(end);
    }
    set_port(text);
}

void url::set_host(std::string_view text) {
    if (text.empty()) refuse("it has no host");
    for (const char c : text) {
        if (!is_letter(c) && !is_digit(c) && !std::string_view("-._~").contains(c))
            refuse("its host has a '" + shown({&c, 1}) + "', which no host has");
    }
    require_name(text);
    host_ = lower_case(text);
    if (ends_in_number(host_) && !is_address(AF_INET, host_))
        refuse("its host '" + shown(text) + "' ends in a number, and is no IPv4 address");
}

/// Nothing, or a colon and digits; none of these are the scheme's. @see RFC 3986 3.2.3
void url::set_port(std::string_view text) {
    port_ = port_of(scheme_);
    if (text.empty() || text == ":") return;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 1, end, port_);
    if (text.front() != ':' || text.size() > 6 || error != std::errc() || stop != end || port_ == 0)
        refuse("'" + shown(text) + "' behind its host is no port");
}

void url::set_rest(std::string_view path, const parts& from) {
    require_url_characters(path, "/", "path");
    if (from.query) require_url_characters(*from.query, "/?", "query");
    if (from.fragment) require_url_characters(*from.fragment, "/?", "fragment");
    path_ = path.empty() ? "/" : without_dot_segments(path);
    query_ = from.query;
    fragment_ = from.fragment;
}

std::string url::authority() const {
    std::string text = is_ipv6() ? "[" + host_ + "]" : host_;
    return port_ == port_of(scheme_) ? text : text + ":" + std::to_string(port_);
}

std::string url::target() const { return query_ ? path_ + "?" + *query_ : path_; }

std::string url::to_string() const {
    std::string text = origin() + target();
    return fragment_ ? text + "#" + *fragment_ : text;
}

url url::resolve(std::string_view reference) const {
    parts from(reference);
    const std::string own_path = repaired(from.path);
    std::string query, fragment;
    if (from.query) from.query = query = repaired(*from.query);
    if (from.fragment) from.fragment = fragment = repaired(*from.fragment);
    url found = *this;
    if (from.scheme) {
        if (!from.authority) refuse("'scheme://host' is missing");
        found.set_scheme(*from.scheme);
    }
    if (from.authority) found.set_authority(*from.authority);
    std::string path = own_path;
    if (path.empty() && !from.authority) {
        path = path_;
        if (!from.query && query_) from.query = *query_;
    } else if (!path.starts_with('/') && !from.authority) {
        path.insert(0, path_, 0, path_.rfind('/') + 1);
    }
    found.set_rest(path, from);
    return found;
}

}  // namespace weft::inline v0::http
