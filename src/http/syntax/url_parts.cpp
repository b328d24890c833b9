// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/url_parts.hpp"

#include "http/syntax/characters.hpp"
#include "http/syntax/field_scanner.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace weft::inline v0::http {

url::parts::parts(std::string_view text) noexcept {
    const std::size_t hash = text.find('#');
    if (hash != text.npos) fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
    const std::size_t mark = text.find('?');
    if (mark != text.npos) query = text.substr(mark + 1);
    text = text.substr(0, mark);
    const std::size_t colon = text.find_first_of(":/");
    if (colon != text.npos && text[colon] == ':') {
        scheme = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    if (text.starts_with("//")) {
        const std::size_t end = std::min(text.find('/', 2), text.size());
        authority = text.substr(2, end - 2);
        text.remove_prefix(end);
    }
    path = text;
}

bool is_dot(std::string_view segment) noexcept {
    return segment == "." || (segment.size() == 3 && segment.starts_with("%2") && to_lower(segment[2]) == 'e');
}

bool is_dot_dot(std::string_view segment) noexcept {
    for (const std::size_t first : {std::size_t{1}, std::size_t{3}}) {
        if (segment.size() > first && is_dot(segment.substr(0, first)) && is_dot(segment.substr(first))) return true;
    }
    return false;
}

std::string without_dot_segments(std::string_view path) {
    std::string result;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/', 1), path.size());
        const std::string_view segment = path.substr(1, end - 1);  // the slash before it comes along
        const bool is_up = is_dot_dot(segment);
        if (is_up) result.resize(result.empty() ? 0 : result.rfind('/'));
        if (!is_up && !is_dot(segment)) {
            result += path.substr(0, end);
        } else if (end == path.size()) {
            result += '/';
        }
        path.remove_prefix(end);
    }
    return result;
}

void require_url_characters(std::string_view text, std::string_view more, const char* what) {
    constexpr std::string_view allowed = "-._~!$&'()*+,;=:@";
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (is_letter(c) || is_digit(c) || allowed.contains(c) || more.contains(c)) continue;
        if (c == '%' && text.size() - at > 2 && hex_digit(text[at + 1]) >= 0 && hex_digit(text[at + 2]) >= 0) continue;
        throw std::invalid_argument(std::string("http: no URL: its ") + what + " has a '" + shown({&c, 1}) +
                                    "' that is not percent-encoded");
    }
}

}  // namespace weft::inline v0::http
