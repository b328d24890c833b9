// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/field_scanner.hpp"

#include <weft/http/cookies.hpp>

#include <algorithm>

namespace weft::inline v0::http {

cookies cookies::parse(std::string_view field) {
    cookies result;
    while (!field.empty()) {
        const std::size_t end = std::min(field.find(';'), field.size());
        const std::string_view piece = field.substr(0, end);
        field.remove_prefix(std::min(end + 1, field.size()));
        const std::size_t equals = piece.find('=');
        if (equals == piece.npos) continue;
        const std::string_view name = without_blanks(piece.substr(0, equals));
        std::string_view value = without_blanks(piece.substr(equals + 1));
        if (name.empty()) continue;
        if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
            value = value.substr(1, value.size() - 2);
        result.cookies_.push_back({.name = std::string(name), .value = std::string(value)});
    }
    return result;
}

std::optional<std::string_view> cookies::get(std::string_view name) const noexcept {
    const auto found = std::ranges::find(cookies_, name, &cookie::name);
    if (found == cookies_.end()) return std::nullopt;
    return found->value;
}

std::vector<std::string_view> cookies::get_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const cookie& c : cookies_) {
        if (c.name == name) values.push_back(c.value);
    }
    return values;
}

}  // namespace weft::inline v0::http
