// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/field_scanner.hpp"
#include "http/syntax/utf8.hpp"

#include <weft/http/form.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/http_error.hpp>
#include <weft/http/percent.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

namespace {

std::string decode(std::string_view raw) {
    std::string text(raw);
    std::ranges::replace(text, '+', ' ');
    try {
        text = percent_decode(text);
    } catch (const std::invalid_argument&) {
        throw http_error(status::bad_request, "the form has a % without two hexadecimal digits behind it");
    }
    if (!is_utf8(text)) throw http_error(status::bad_request, "the form is no UTF-8");
    return text;
}

std::string encode(std::string_view text) {
    std::string encoded = percent_encode(text, " ");
    std::ranges::replace(encoded, ' ', '+');
    return encoded;
}

}  // namespace

form form::parse(std::string_view text, std::size_t max_fields) {
    form result;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view piece = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (piece.empty()) continue;
        if (result.size() == max_fields) throw http_error(status::content_too_large, "the form has too many fields");
        const std::size_t equals = std::min(piece.find('='), piece.size());
        result.fields_.push_back({.name = decode(piece.substr(0, equals)),
                                  .value = decode(piece.substr(std::min(equals + 1, piece.size())))});
    }
    return result;
}

std::optional<std::string_view> form::get(std::string_view name) const noexcept {
    const auto found = std::ranges::find(fields_, name, &field::name);
    if (found == fields_.end()) return std::nullopt;
    return found->value;
}

std::vector<std::string_view> form::get_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const field& f : fields_) {
        if (f.name == name) values.push_back(f.value);
    }
    return values;
}

void form::add(std::string_view name, std::string_view value) {
    fields_.push_back({.name = std::string(name), .value = std::string(value)});
}

void form::set(std::string_view name, std::string_view value) {
    field own{.name = std::string(name), .value = std::string(value)};
    remove(own.name);
    fields_.push_back(std::move(own));
}

std::size_t form::remove(std::string_view name) noexcept {
    return std::erase_if(fields_, [&](const field& f) { return f.name == name; });
}

std::string form::to_string() const {
    std::string text;
    for (const field& f : fields_) {
        if (!text.empty()) text += '&';
        text += encode(f.name) + "=" + encode(f.value);
    }
    return text;
}

void form::refuse(std::string_view name, const char* why) {
    throw http_error(status::unprocessable_content, shown(name) + ": " + why);
}

std::optional<bool> form::to_bool(std::string_view text) noexcept {
    for (const auto& [yes, no] : {std::pair("true", "false"), {"1", "0"}, {"on", "off"}, {"yes", "no"}}) {
        if (is_same_token(text, yes)) return true;
        if (is_same_token(text, no)) return false;
    }
    return std::nullopt;
}

}  // namespace weft::inline v0::http
