// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/json_string.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace showcase {

/// Writes a JSON object, a member at a time:
///
///     json_object().text("name", "ann").number("age", 7).take()
class json_object {
public:
    json_object&& text(std::string_view name, std::string_view value) { return raw(name, weft::json_string(value)); }
    template <class Number>
        requires std::integral<Number> || std::floating_point<Number>
    json_object&& number(std::string_view name, Number value) {
        return raw(name, std::to_string(value));
    }
    json_object&& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
    /// @param value  JSON already
    json_object&& raw(std::string_view name, std::string_view value) {
        text_.append(text_.empty() ? "{" : ",").append(weft::json_string(name)).append(":").append(value);
        return std::move(*this);
    }
    std::string take() && { return text_.empty() ? "{}" : std::move(text_) + '}'; }

private:
    std::string text_;
};

/// A JSON array of what `to_json` makes of each.
template <class Range, class ToJson>
std::string json_array(const Range& range, ToJson to_json) {
    std::string text;
    for (const auto& each : range) text.append(text.empty() ? "[" : ",").append(to_json(each));
    return text.empty() ? "[]" : text + ']';
}

}  // namespace showcase
