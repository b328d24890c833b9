// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// To whose requests a cookie is added. strict: those of the same site alone; lax: links that lead there too; none: all.
enum class same_site : std::uint8_t { unset, strict, lax, none };

/// A cookie as a server gives it to a client: a Set-Cookie field.
///
///     answer.set_cookie(request, {.name = "session", .value = id, .max_age = std::chrono::hours(1)});
///
/// Scripts cannot read it and other sites' forms do not send it, unless it says so. `secure` is for every site that
/// speaks TLS; it is false because without TLS a browser would drop the cookie. @see RFC 6265bis, starlette's set_cookie
struct set_cookie {
    std::string name;  ///< a token
    /// ASCII without blanks, quotes, commas, semicolons, backslashes: percent_encode() what has these.
    std::string value = {};
    std::string path = "/";  ///< requests below it; empty: below the path of the request that is answered
    std::string domain = {};  ///< hosts below it and itself; empty: this host alone
    std::optional<std::chrono::seconds> max_age = {};  ///< zero or less: it is to be forgotten
    std::optional<std::chrono::sys_seconds> expires =
        {};  ///< counts where there is no max_age; with neither, until the client ends
    bool secure = false;  ///< goes over TLS alone
    bool http_only = true;  ///< is nothing to scripts
    http::same_site same_site = http::same_site::lax;
    bool partitioned = false;  ///< in another site's frame, one for each such site

    /// The value of a Set-Cookie field.
    /// @throws std::invalid_argument  naming the cookie: a name, value, path or domain with characters it must not have,
    ///     none of which could be read as an attribute or a line; more than 4096 bytes of name and value, or 1024 of path
    ///     or domain; SameSite=None or Partitioned without Secure; a `__Secure-` or `__Host-` cookie (in letters of either
    ///     case) that is not what its name says
    std::string to_string() const;

    /// Reads such a value as clients do: attributes that are unknown or malformed are passed over, of two the last
    /// counts, a date may have nearly any form. What a domain or a path means is left to the jar.
    /// @return empty: it is to be ignored, for it has no name, a control character, or more than 4096 bytes of name and value
    static std::optional<set_cookie> parse(std::string_view field);

    /// Whether `__Host-` and `__Secure-` in front of its name are true: it is secure; for `__Host-`, has the path "/" and
    /// no domain.
    bool keeps_its_prefix() const noexcept;

    bool operator==(const set_cookie&) const = default;
};

}  // namespace weft::inline v0::http
