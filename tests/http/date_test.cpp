// SPDX-License-Identifier: Apache-2.0
#include <weft/http/date.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace http = weft::http;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

constexpr sys_seconds now{seconds(1'800'000'000)};  // of 2027

struct date_of {
    long long time;
    const char* text;
};

// email.utils.formatdate(…, usegmt=True) of CPython 3.11 says the same.
TEST(date, is_written_as_python_does_and_read_back) {
    for (const auto& [time, text] : {
             date_of{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
             date_of{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
             date_of{951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
             date_of{1709164799, "Wed, 28 Feb 2024 23:59:59 GMT"},
             date_of{2147483647, "Tue, 19 Jan 2038 03:14:07 GMT"},
             date_of{4102444800, "Fri, 01 Jan 2100 00:00:00 GMT"},
             date_of{-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
             date_of{-62135596800, "Mon, 01 Jan 0001 00:00:00 GMT"},
             date_of{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
         }) {
        EXPECT_EQ(http::format_date(sys_seconds(seconds(time))), text);
        EXPECT_EQ(http::parse_date(text), sys_seconds(seconds(time)));
    }
    EXPECT_THROW(http::format_date(sys_seconds(seconds(253402300800))), std::invalid_argument);
    EXPECT_THROW(http::format_date(sys_seconds::max()), std::invalid_argument);
    EXPECT_THROW(http::format_date(sys_seconds::min()), std::invalid_argument);
}

TEST(date, is_read_in_all_three_forms) {
    const sys_seconds time(seconds(784111777));
    EXPECT_EQ(http::parse_date("Sun, 06 Nov 1994 08:49:37 GMT", now), time);
    EXPECT_EQ(http::parse_date("Sunday, 06-Nov-94 08:49:37 GMT", now), time);
    EXPECT_EQ(http::parse_date("Sun Nov  6 08:49:37 1994", now), time);
    EXPECT_EQ(http::parse_date("Wed Nov 16 08:49:37 1994", now), time + std::chrono::days(10));
    EXPECT_EQ(http::parse_date("Mon, 06 Nov 1994 08:49:37 GMT", now), time) << "the day of the week is not";
    EXPECT_EQ(http::parse_date("Sat, 31 Dec 2016 23:59:60 GMT", now), sys_seconds(seconds(1483228800)));
}

TEST(date, with_two_digits_of_a_year_is_no_more_than_fifty_years_ahead) {
    using namespace std::chrono;
    const auto year_of = [](const char* text, int this_year) {
        return http::parse_date(text, sys_days(year(this_year) / 6 / 1)).value() - sys_days(year(1900) / 1 / 1);
    };
    const auto new_year = [](int y) { return sys_days(year(y) / 1 / 1) - sys_days(year(1900) / 1 / 1); };
    EXPECT_EQ(year_of("Monday, 01-Jan-77 00:00:00 GMT", 2027), new_year(2077));
    EXPECT_EQ(year_of("Monday, 01-Jan-78 00:00:00 GMT", 2027), new_year(1978));
    EXPECT_EQ(year_of("Monday, 01-Jan-00 00:00:00 GMT", 2027), new_year(2000));
    EXPECT_EQ(year_of("Monday, 01-Jan-10 00:00:00 GMT", 2070), new_year(2110));
    EXPECT_EQ(year_of("Monday, 01-Jan-10 00:00:00 GMT", 1970), new_year(2010));
    EXPECT_EQ(year_of("Monday, 01-Jan-21 00:00:00 GMT", 1970), new_year(1921));
}

TEST(date, that_is_none_is_ignored) {
    for (const char* text : {"",
                             "0",
                             "1994",
                             "Sun, 06 Nov 1994 08:49:37",
                             "Sun, 06 Nov 1994 08:49:37 UTC",
                             "Sun, 06 Nov 1994 08:49:37 +0000",
                             "Sun, 06 Nov 1994 08:49:37 GMT ",
                             " Sun, 06 Nov 1994 08:49:37 GMT",
                             "sun, 06 nov 1994 08:49:37 gmt",
                             "Sun, 6 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 94 08:49:37 GMT",
                             "Sun, 06 Nov 1994 8:49:37 GMT",
                             "Sun, 06 Nov 1994 24:00:00 GMT",
                             "Sun, 06 Nov 1994 08:60:37 GMT",
                             "Sun, 06 Nov 1994 08:49:61 GMT",
                             "Wed, 30 Feb 1994 08:49:37 GMT",
                             "Thu, 29 Feb 1900 00:00:00 GMT",
                             "Sun, 00 Nov 1994 08:49:37 GMT",
                             "Sun, 31 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Foo 1994 08:49:37 GMT",
                             "Foo, 06 Nov 1994 08:49:37 GMT",
                             "Sun 06 Nov 1994 08:49:37 GMT",
                             "Sun, -6 Nov 1994 08:49:37 GMT",
                             "Sun, +6 Nov 1994 08:49:37 GMT",
                             "Sun, 06-Nov-94 08:49:37 GMT",
                             "Sunday, 06 Nov 1994 08:49:37 GMT",
                             "Sunday, 06-Nov-1994 08:49:37 GMT",
                             "Sun Nov 6 08:49:37 1994",
                             "Sun Nov  6 08:49:37 1994 GMT",
                             "Sun Nov   6 08:49:37 1994",
                             "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"}) {
        EXPECT_EQ(http::parse_date(text, now), std::nullopt) << text;
    }
}

}  // namespace
