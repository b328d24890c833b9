// SPDX-License-Identifier: Apache-2.0
#pragma once

#define JSON_DIAGNOSTICS 1  // errors say where in the document they are
#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Integers that are not there, or do not fit, are refused; the library by itself would cut them.
template <std::integral T>
    requires(!std::same_as<T, bool>)
struct nlohmann::adl_serializer<T> {
    template <class Json>
    static void to_json(Json& j, T value) {
        nlohmann::to_json(j, value);
    }
    template <class Json>
    static void from_json(const Json& j, T& value) {
        const auto refuse = [&](const std::string& why) { throw nlohmann::json::type_error::create(302, why, &j); };
        if (!j.is_number_integer()) refuse("type must be integer, but is " + std::string(j.type_name()));
        const bool fits = j.is_number_unsigned()
                              ? std::in_range<T>(*j.template get_ptr<const typename Json::number_unsigned_t*>())
                              : std::in_range<T>(*j.template get_ptr<const typename Json::number_integer_t*>());
        if (!fits) refuse("number is out of range");
        nlohmann::from_json(j, value);
    }
};

/// What lets http::read_json and http::json use nlohmann-json (Debian: nlohmann-json3-dev): any type for which that has a
/// from_json and a to_json, such as NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE makes.
///
///     const user u = co_await http::read_json<user, nlohmann_codec>(r);   // 422 "/address/zip: type must be string, but is number"
///     co_return http::json<nlohmann_codec>(u);
///
/// Stricter than the library by itself: a key that comes twice is refused, for programs differ about which one counts; so is
/// what is nested more deeply than `max_depth`, for to copy, to compare or to write it takes stack for each level.
struct nlohmann_codec {
    static constexpr std::size_t max_depth = 100;

    template <class T>
    static std::string encode(const T& value) {
        return nlohmann::json(value).dump();
    }

    /// @throws std::invalid_argument  with the place in the document, if it is one
    template <class T>
    static T decode(std::string_view text) {
        try {
            return nlohmann::json::parse(text, strict()).get<T>();
        } catch (const nlohmann::json::exception& e) {
            throw std::invalid_argument(sentence(e.what()));
        }
    }

private:
    /// Hears of each value while the parser reads it.
    static nlohmann::json::parser_callback_t strict() {
        using event = nlohmann::json::parse_event_t;
        return [keys = std::vector<std::set<std::string>>()](int, event e, nlohmann::json& parsed) mutable {
            if (e == event::object_start || e == event::array_start) {
                if (keys.size() == max_depth) throw std::invalid_argument("it is nested too deeply");
                keys.emplace_back();
            }
            if (e == event::object_end || e == event::array_end) keys.pop_back();
            if (e == event::key) {
                const auto& key = parsed.get_ref<const std::string&>();
                if (!keys.back().insert(key).second) throw std::invalid_argument("the key '" + key + "' comes twice");
            }
            return true;
        };
    }

    /// "[json.exception.type_error.302] (/a/b) type must be …" without its number, its place in front.
    static std::string sentence(std::string what) {
        if (what.starts_with('[')) what.erase(0, what.find(']') + 2);
        const std::size_t end = what.find(") ");
        if (what.starts_with("(/") && end != what.npos) what = what.substr(1, end - 1) + ": " + what.substr(end + 2);
        return what;
    }
};
