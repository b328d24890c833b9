// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/characters.hpp"

#include <weft/http/headers.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace weft::inline v0::http {

namespace {

/// What may stand around a value, and around the members of a list.
std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// For a message: what cannot be sent is not repeated as it is.
std::string shown(std::string_view name) {
    std::string text;
    for (const char c : name.substr(0, 64)) text += is_token_character(c) ? c : '?';
    return text;
}

void require_field(std::string_view name, std::string_view value) {
    if (!is_token(name) || name.size() > std::numeric_limits<std::uint16_t>::max())
        throw std::invalid_argument("http: '" + shown(name) + "' cannot be the name of a header field");
    if (!std::ranges::all_of(value, is_value_character))
        throw std::invalid_argument("http: the value of the header field '" + shown(name) +
                                    "' has a control character in it");
}

}  // namespace

bool is_same_token(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::ranges::equal(a, b, {}, to_lower, to_lower);
}

bool is_token(std::string_view text) noexcept { return !text.empty() && std::ranges::all_of(text, is_token_character); }

headers::headers(std::initializer_list<field> fields) {
    for (const field& f : fields) add(f.name, f.value);
}

std::optional<std::string_view> headers::get(std::string_view name) const noexcept {
    for (const field f : *this) {
        if (is_same_token(f.name, name)) return f.value;
    }
    return std::nullopt;
}

std::vector<std::string_view> headers::get_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const field f : *this) {
        if (is_same_token(f.name, name)) values.push_back(f.value);
    }
    return values;
}

bool headers::lists(std::string_view name, std::string_view token) const noexcept {
    for (const field f : *this) {
        if (!is_same_token(f.name, name)) continue;
        for (std::string_view rest = f.value; !rest.empty();) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            if (is_same_token(trimmed(rest.substr(0, comma)), token)) return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

void headers::add(std::string_view name, std::string_view value) {
    require_field(name, value = trimmed(value));
    const std::size_t begin = text_.size();
    if (begin + name.size() + value.size() > std::numeric_limits<std::uint32_t>::max())
        throw std::length_error("http: more than 4 GiB of header fields");
    std::string both;  // first: either may be a view of this text
    both.reserve(name.size() + value.size());
    both.append(name).append(value);
    text_ += both;
    places_.push_back({.name = static_cast<std::uint32_t>(begin),
                       .value = static_cast<std::uint32_t>(begin + name.size()),
                       .value_size = static_cast<std::uint32_t>(value.size()),
                       .name_size = static_cast<std::uint16_t>(name.size())});
}

void headers::set(std::string_view name, std::string_view value) {
    require_field(name, value);
    const std::string own_name(name), own_value(value);
    remove(own_name);
    add(own_name, own_value);
}

void headers::set_default(std::string_view name, std::string_view value) {
    if (!contains(name)) add(name, value);
}

std::size_t headers::remove(std::string_view name) noexcept {
    return std::erase_if(places_, [&](const place& p) {
        return is_same_token(std::string_view(text_).substr(p.name, p.name_size), name);
    });
}

void headers::clear() noexcept {
    text_.clear();
    places_.clear();
}

}  // namespace weft::inline v0::http
