// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// What names one state of a resource: `"33a64df5"`, or `W/"33a64df5"` where states that mean the same share it.
/// @see RFC 9110 8.8.3
struct etag {
    std::string tag;  ///< without the quotes
    bool is_weak = false;

    /// @return empty: it is none, or something stands behind it
    static std::optional<etag> parse(std::string_view text);
    /// @throws std::invalid_argument  a quote, space or control character in it
    std::string to_string() const;

    /// The same bytes: for a Range, or to change what is there. @see RFC 9110 8.8.3.2
    bool is_strongly(const etag& other) const noexcept { return !is_weak && !other.is_weak && tag == other.tag; }
    /// As good as the same: to be shown from a cache.
    bool is_weakly(const etag& other) const noexcept { return tag == other.tag; }

    bool operator==(const etag&) const = default;
};

}  // namespace weft::inline v0::http
