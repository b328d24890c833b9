// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/field_scanner.hpp"

#include <weft/http/headers.hpp>
#include <weft/http/media_type.hpp>

#include <algorithm>
#include <stdexcept>

namespace weft::inline v0::http {

std::optional<media_type> media_type::parse(std::string_view text) {
    field_scanner scanner(without_blanks(text));
    media_type result;
    result.type = lower_case(scanner.token());
    if (result.type.empty() || !scanner.take('/')) return std::nullopt;
    result.subtype = lower_case(scanner.token());
    if (result.subtype.empty()) return std::nullopt;
    while (true) {
        scanner.skip_blanks();
        if (scanner.at_end()) return result;
        if (!scanner.take(';')) return std::nullopt;
        scanner.skip_blanks();
        if (scanner.at_end() || scanner.rest().starts_with(';')) continue;  // RFC 9110 5.6.6 lets them be empty
        auto parameter = scanner.parameter();
        if (!parameter || result.parameter(parameter->first)) return std::nullopt;
        result.parameters.push_back(*std::move(parameter));
    }
}

bool media_type::is(std::string_view essence) const noexcept {
    const std::size_t slash = essence.find('/');
    return slash != essence.npos && is_same_token(type, essence.substr(0, slash)) &&
           is_same_token(subtype, essence.substr(slash + 1));
}

std::optional<std::string_view> media_type::parameter(std::string_view name) const noexcept {
    const auto found = std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
    if (found == parameters.end()) return std::nullopt;
    return found->second;
}

std::string media_type::to_string() const {
    if (!is_token(type) || !is_token(subtype))
        throw std::invalid_argument("http: '" + shown(essence()) + "' is no media type");
    std::string text = essence();
    for (const auto& [name, value] : parameters) {
        if (!is_token(name) || !std::ranges::all_of(value, is_value_character))
            throw std::invalid_argument("http: a media type cannot have the parameter '" + shown(name) + "'");
        text += "; " + name + "=";
        if (is_token(value)) {
            text += value;
            continue;
        }
        text += '"';
        for (const char c : value) text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
        text += '"';
    }
    return text;
}

}  // namespace weft::inline v0::http
