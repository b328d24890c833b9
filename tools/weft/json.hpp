// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/json_string.hpp>

#include <concepts>
#include <string>
#include <string_view>

using weft::json_string;

/// An object or an array that grows: members come in the order in which they are added, and are JSON already but for the
/// values that have an overload of their own.
class json_object {
public:
    json_object& add(std::string_view name, const std::string& json);
    json_object& text(std::string_view name, std::string_view value) { return add(name, json_string(value)); }
    template <std::integral T>
    json_object& number(std::string_view name, T value) {
        return add(name, std::to_string(value));
    }
    json_object& truth(std::string_view name, bool value) { return add(name, value ? "true" : "false"); }
    std::string to_string() const { return "{" + members_ + "}"; }

private:
    std::string members_;
};

class json_array {
public:
    json_array& add(const std::string& json) {
        elements_ += (elements_.empty() ? "" : ",") + json;
        return *this;
    }
    std::string to_string() const { return "[" + elements_ + "]"; }

private:
    std::string elements_;
};
