// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/etag_scanner.hpp"

#include "http/syntax/field_scanner.hpp"

#include <weft/http/etag.hpp>

#include <stdexcept>

namespace weft::inline v0::http {

namespace {

bool is_tag_character(char c) noexcept { return is_value_character(c) && !is_blank(c) && c != '"'; }

}  // namespace

/// There are no escapes in it: a backslash is a character like others.
std::optional<etag> take_etag(std::string_view& text) {
    const bool is_weak = text.starts_with("W/");
    const std::string_view quoted = text.substr(is_weak ? 2 : 0);
    if (!quoted.starts_with('"')) return std::nullopt;
    const std::size_t end = quoted.find('"', 1);
    if (end == quoted.npos || !std::ranges::all_of(quoted.substr(1, end - 1), is_tag_character)) return std::nullopt;
    text = quoted.substr(end + 1);
    return etag{.tag = std::string(quoted.substr(1, end - 1)), .is_weak = is_weak};
}

std::optional<etag> etag::parse(std::string_view text) {
    text = without_blanks(text);
    std::optional<etag> found = take_etag(text);
    return text.empty() ? found : std::nullopt;
}

std::string etag::to_string() const {
    if (!std::ranges::all_of(tag, is_tag_character))
        throw std::invalid_argument("http: '" + shown(tag) + "' is no entity tag");
    return (is_weak ? "W/\"" : "\"") + tag + "\"";
}

}  // namespace weft::inline v0::http
