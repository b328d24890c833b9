// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/etag.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/method.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace weft::inline v0::http {

/// What is known of the state that a resource is in.
struct validators {
    bool exists = true;
    std::optional<http::etag> tag = {};
    std::optional<std::chrono::sys_seconds> last_modified = {};
};

/// What a request's conditions come to.
enum class precondition : std::uint8_t {
    holds,         ///< go on
    not_modified,  ///< answer with 304
    fails          ///< answer with 412, and change nothing
};

/// Looks at If-Match, else If-Unmodified-Since, then at If-None-Match, else If-Modified-Since, in the order of RFC 9110
/// 13.2.2. To be asked when the request would otherwise succeed. Dates that are none are ignored; of a list of tags that
/// is malformed counts what is in front of the mistake. CONNECT, OPTIONS and TRACE have no conditions.
/// @param now  for dates with two digits of a year
precondition evaluate(method m, const headers& request, const validators& current, std::chrono::sys_seconds now);

/// Whether the request's Range counts: If-Range is not there, or names the state that there is. A date does so only where
/// it lies a second or more back, for a file can change twice within one. @see RFC 9110 13.1.5
bool range_counts(const headers& request, const validators& current, std::chrono::sys_seconds now);

}  // namespace weft::inline v0::http
