// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/calendar.hpp"
#include "http/syntax/characters.hpp"

#include <weft/http/date.hpp>

#include <algorithm>
#include <stdexcept>

namespace weft::inline v0::http {

namespace {

constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

std::string digits(int value, std::size_t count) {
    std::string text(count, '0');
    for (; value != 0; value /= 10) text[--count] = static_cast<char>('0' + value % 10);
    return text;
}

/// Takes a date off the front of a text, piece by piece; is_right says whether all of them were there.
class date_reader {
public:
    explicit date_reader(std::string_view text) noexcept : rest_(text) {}

    void literal(std::string_view wanted) noexcept {
        if (!rest_.starts_with(wanted)) return fail();
        rest_.remove_prefix(wanted.size());
    }
    unsigned number(std::size_t count) noexcept {
        unsigned value = 0;
        if (rest_.size() < count || !std::ranges::all_of(rest_.substr(0, count), is_digit)) {
            fail();
            return 0;
        }
        for (const char c : rest_.substr(0, count)) value = value * 10 + static_cast<unsigned>(c - '0');
        rest_.remove_prefix(count);
        return value;
    }
    void day_name(std::size_t longest) noexcept {
        for (const std::string_view name : day_names) {
            if (rest_.starts_with(name.substr(0, longest))) return literal(name.substr(0, longest));
        }
        fail();
    }
    unsigned month() noexcept {
        for (unsigned i = 0; i < month_names.size(); ++i) {
            if (rest_.starts_with(month_names[i])) {
                literal(month_names[i]);
                return i + 1;
            }
        }
        fail();
        return 0;
    }
    void time(calendar_time& at) noexcept {
        at.hour = number(2);
        literal(":");
        at.minute = number(2);
        literal(":");
        at.second = number(2);
    }
    bool next_is(char c) const noexcept { return rest_.starts_with(c); }
    bool is_right() const noexcept { return is_right_ && rest_.empty(); }

private:
    void fail() noexcept {
        is_right_ = false;
        rest_ = {};
    }
    std::string_view rest_;
    bool is_right_ = true;
};

/// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<calendar_time> parse_fixdate(std::string_view text) noexcept {
    date_reader reader(text);
    calendar_time at;
    reader.day_name(3);
    reader.literal(", ");
    at.day = reader.number(2);
    reader.literal(" ");
    at.month = reader.month();
    reader.literal(" ");
    at.year = static_cast<int>(reader.number(4));
    reader.literal(" ");
    reader.time(at);
    reader.literal(" GMT");
    return reader.is_right() ? std::optional(at) : std::nullopt;
}

/// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<calendar_time> parse_rfc850(std::string_view text, std::chrono::sys_seconds now) noexcept {
    date_reader reader(text);
    calendar_time at;
    reader.day_name(std::string_view::npos);
    reader.literal(", ");
    at.day = reader.number(2);
    reader.literal("-");
    at.month = reader.month();
    reader.literal("-");
    const int two_digits = static_cast<int>(reader.number(2));
    reader.literal(" ");
    reader.time(at);
    reader.literal(" GMT");
    if (!reader.is_right()) return std::nullopt;
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
    const int this_year = static_cast<int>(today.year());
    at.year = this_year - this_year % 100 + 100 + two_digits;
    while (at.year > this_year + 50) at.year -= 100;
    return at;
}

/// Sun Nov  6 08:49:37 1994
std::optional<calendar_time> parse_asctime(std::string_view text) noexcept {
    date_reader reader(text);
    calendar_time at;
    reader.day_name(3);
    reader.literal(" ");
    at.month = reader.month();
    reader.literal(" ");
    if (reader.next_is(' ')) {
        reader.literal(" ");
        at.day = reader.number(1);
    } else {
        at.day = reader.number(2);
    }
    reader.literal(" ");
    reader.time(at);
    reader.literal(" ");
    at.year = static_cast<int>(reader.number(4));
    return reader.is_right() ? std::optional(at) : std::nullopt;
}

}  // namespace

std::string format_date(std::chrono::sys_seconds time) {
    const auto midnight = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(midnight);
    const int year = static_cast<int>(date.year());
    constexpr std::chrono::sys_seconds first = std::chrono::sys_days(std::chrono::year(0) / 1 / 1),
                                       last = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);
    if (time < first || time >= last) throw std::invalid_argument("http: a date is of the years 0 to 9999");
    const std::chrono::hh_mm_ss clock(time - midnight);
    const auto weekday = std::chrono::weekday(midnight).c_encoding();
    std::string text(day_names[weekday].substr(0, 3));
    text += ", " + digits(static_cast<int>(static_cast<unsigned>(date.day())), 2) + " ";
    text += month_names[static_cast<unsigned>(date.month()) - 1];
    text += " " + digits(year, 4) + " " + digits(static_cast<int>(clock.hours().count()), 2) + ":" +
            digits(static_cast<int>(clock.minutes().count()), 2) + ":" +
            digits(static_cast<int>(clock.seconds().count()), 2) + " GMT";
    return text;
}

std::optional<std::chrono::sys_seconds> parse_date(std::string_view text, std::chrono::sys_seconds now) {
    std::optional<calendar_time> at = parse_fixdate(text);
    if (!at) at = parse_rfc850(text, now);
    if (!at) at = parse_asctime(text);
    return at ? at->to_time(true) : std::nullopt;
}

}  // namespace weft::inline v0::http
