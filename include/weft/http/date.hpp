// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// As the fields Date, Last-Modified and Expires have it: "Sun, 06 Nov 1994 08:49:37 GMT".
/// @param time  of the years 0 to 9999 @throws std::invalid_argument  of another
/// @see RFC 9110 5.6.7, email.utils.formatdate(t, usegmt=True)
std::string format_date(std::chrono::sys_seconds time);

/// Reads what format_date() writes, and the two forms that were before it: "Sunday, 06-Nov-94 08:49:37 GMT" and
/// "Sun Nov  6 08:49:37 1994". To the letter, but for the day of the week, which may be the wrong one. Second 60 is the
/// first of the next minute.
/// @param now  what two digits of a year are near to: it is no more than 50 years ahead of that
/// @return empty: it is no date, or no day of the calendar. Where a field has none, it is to be ignored.
std::optional<std::chrono::sys_seconds>
parse_date(std::string_view text,
           std::chrono::sys_seconds now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));

}  // namespace weft::inline v0::http
