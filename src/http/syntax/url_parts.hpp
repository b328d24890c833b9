// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/url.hpp>

namespace weft::inline v0::http {

/// A URL, or a reference to one, cut up but not looked into. @see RFC 3986 appendix B
struct url::parts {
    explicit parts(std::string_view text) noexcept;
    std::optional<std::string_view> scheme, authority, query, fragment;
    std::string_view path;
};

/// "/a/b/../c/." is "/a/c/". Above the root there is the root. @see RFC 3986 5.2.4
std::string without_dot_segments(std::string_view path);
/// A dot of a path: ".", "%2e" or "%2E".
bool is_dot(std::string_view segment) noexcept;
bool is_dot_dot(std::string_view segment) noexcept;

/// @throws std::invalid_argument  unless it is unreserved, sub-delims, : @ or of `more`, or %XX. `what` has it.
void require_url_characters(std::string_view text, std::string_view more, const char* what);

}  // namespace weft::inline v0::http
