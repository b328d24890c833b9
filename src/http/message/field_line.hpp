// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/syntax/characters.hpp"

#include <cstddef>
#include <string_view>

namespace weft::inline v0::http {

/// A line of a head or of trailers, taken apart; views of it.
struct field_line {
    std::string_view name, value;
    std::string_view raw;  // the value with the blanks around it
};

/// Takes apart a line that is not empty and has no control characters. What goes over several lines, by a blank at the
/// start of the next, is refused as all that begins with one. @see RFC 9112 5
/// @return a sentence that says what is wrong; empty: nothing
inline std::string_view split_field(std::string_view line, field_line& into) noexcept {
    std::size_t colon = 0;
    while (colon < line.size() && is_token_character(line[colon])) ++colon;
    if (colon == 0)
        return is_blank(line[0]) ? "a line of header fields begins with a blank" : "a header field has no name";
    if (colon == line.size()) return "a header field has no colon";
    if (is_blank(line[colon])) return "a header field has a blank in its name, or before its colon";
    if (line[colon] != ':') return "a header field has a name that is no token";
    into.name = line.substr(0, colon);
    into.raw = into.value = line.substr(colon + 1);
    while (!into.value.empty() && is_blank(into.value.front())) into.value.remove_prefix(1);
    while (!into.value.empty() && is_blank(into.value.back())) into.value.remove_suffix(1);
    return {};
}

}  // namespace weft::inline v0::http
