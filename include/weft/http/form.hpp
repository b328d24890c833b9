// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace weft::inline v0::http {

/// Names and values as a URL's query or an HTML form has them (application/x-www-form-urlencoded), in their order; a name
/// can come more than once.
///
///     const int page = r.query_params().get_or("page", 1);       // 422 "page: not an integer" of "?page=x"
///     const auto name = form.get<std::string>("name");           // 422 "name: missing"
///
/// Names are compared one by one, so that none can be chosen to collide. @see starlette.datastructures.QueryParams
class form {
public:
    struct field {
        std::string name, value;
        bool operator==(const field&) const = default;
    };
    static constexpr std::size_t default_max_fields = 1000;

    form() noexcept = default;
    /// Of the text of a query, without the question mark, or of a body. Between ampersands are fields, between name and
    /// value the first "=", a plus is a space. Empty values count, nothing between two ampersands does not; a semicolon
    /// is a character like others.
    /// @throws http_error  400: a % without two digits, what is no UTF-8; 413: more than `max_fields` names
    /// @see urllib.parse.parse_qsl(text, keep_blank_values=True), which lets stand or replaces what is wrong
    static form parse(std::string_view text, std::size_t max_fields = default_max_fields);

    bool empty() const noexcept { return fields_.empty(); }
    std::size_t size() const noexcept { return fields_.size(); }
    auto begin() const noexcept { return fields_.begin(); }
    auto end() const noexcept { return fields_.end(); }
    bool operator==(const form&) const = default;

    /// The first value of that name. @cost a look at each
    std::optional<std::string_view> get(std::string_view name) const noexcept;
    std::vector<std::string_view> get_all(std::string_view name) const;
    bool contains(std::string_view name) const noexcept { return get(name).has_value(); }

    /// The first value of that name as a number, a std::string, or a bool ("true", "1", "on", "yes", "false", "0", "off",
    /// "no"). A number is all of the value: no spaces, no plus before it, neither infinite nor NaN.
    /// @throws http_error  422, naming the field: there is none, or it is no such thing  @see fastapi.Query
    template <class T>
    T get(std::string_view name) const;
    /// The same, if there is one. @throws http_error  422: it is no such thing
    template <class T>
    T get_or(std::string_view name, T fallback) const;

    void add(std::string_view name, std::string_view value);
    /// In place of all of that name.
    void set(std::string_view name, std::string_view value);
    /// @return how many there were
    std::size_t remove(std::string_view name) noexcept;

    /// As parse() reads it. @see urllib.parse.urlencode
    std::string to_string() const;

private:
    [[noreturn]] static void refuse(std::string_view name, const char* why);
    static std::optional<bool> to_bool(std::string_view text) noexcept;
    template <class T>
    static T convert(std::string_view name, std::string_view text);

    std::vector<field> fields_;
};

template <class T>
T form::get(std::string_view name) const {
    const std::optional<std::string_view> text = get(name);
    if (!text) refuse(name, "missing");
    return convert<T>(name, *text);
}

template <class T>
T form::get_or(std::string_view name, T fallback) const {
    const std::optional<std::string_view> text = get(name);
    return text ? convert<T>(name, *text) : fallback;
}

template <class T>
T form::convert(std::string_view name, std::string_view text) {
    if constexpr (std::same_as<T, bool>) {
        const std::optional<bool> value = to_bool(text);
        if (!value) refuse(name, "neither true nor false");
        return *value;
    } else if constexpr (std::integral<T> || std::floating_point<T>) {
        T value{};
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc::result_out_of_range) refuse(name, "out of range");
        if (error != std::errc() || stop != end) refuse(name, std::integral<T> ? "not an integer" : "not a number");
        if constexpr (std::floating_point<T>) {
            if (!std::isfinite(value)) refuse(name, "not a finite number");
        }
        return value;
    } else {
        return T(text);
    }
}

}  // namespace weft::inline v0::http
