// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace weft::inline v0::http {

inline constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// A time as it is written; any of it may be out of range.
struct calendar_time {
    int year = 0;
    unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;

    /// Empty: there is no such time. Second 60 is there if `leap_second`.
    constexpr std::optional<std::chrono::sys_seconds> to_time(bool leap_second) const noexcept {
        const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                               std::chrono::day(day)};
        if (!date.ok() || hour > 23 || minute > 59 || second > (leap_second ? 60u : 59u)) return std::nullopt;
        return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
               std::chrono::seconds(second);
    }
};

}  // namespace weft::inline v0::http
