// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::inline v0::http {

/// What content is: `text/html; charset=utf-8`, as Content-Type has it. Type, subtype and the names of parameters are in
/// lower case. @see RFC 9110 8.3.1, email.message.Message.get_content_type
struct media_type {
    std::string type, subtype;
    std::vector<std::pair<std::string, std::string>> parameters = {};

    /// @return empty: it is malformed, or has a parameter twice, which programs differ about
    static std::optional<media_type> parse(std::string_view text);

    /// "text/html"
    std::string essence() const { return type + "/" + subtype; }
    bool is(std::string_view essence) const noexcept;
    /// @param name  in lower case
    std::optional<std::string_view> parameter(std::string_view name) const noexcept;
    /// As parse() reads it. @throws std::invalid_argument  a type, subtype or name that is no token, a control character
    std::string to_string() const;

    bool operator==(const media_type&) const = default;
};

}  // namespace weft::inline v0::http
