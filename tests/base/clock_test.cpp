// SPDX-License-Identifier: Apache-2.0
#include <weft/base/clock.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

using namespace std::chrono_literals;

namespace {

constexpr weft::nanos least = std::numeric_limits<weft::nanos>::min();
using seconds_as_double = std::chrono::duration<double>;

TEST(clock, to_nanos_is_exact_within_range) {
    static_assert(weft::to_nanos(0s) == 0);
    static_assert(weft::to_nanos(1s) == 1'000'000'000);
    static_assert(weft::to_nanos(7ms) == 7'000'000);
    static_assert(weft::to_nanos(-3us) == -3'000);
    static_assert(weft::to_nanos(9'007'199'254'740'993ns) == 9'007'199'254'740'993);  // no double holds it
    static_assert(weft::to_nanos(std::chrono::duration<std::int64_t, std::pico>(1500)) == 1);
    EXPECT_EQ(weft::to_nanos(seconds_as_double(0.25)), 250'000'000);
    EXPECT_EQ(weft::to_nanos(std::chrono::hours(24) * 365 * 200), 6'307'200'000'000'000'000);
}

TEST(clock, to_nanos_saturates) {
    static_assert(weft::to_nanos(std::chrono::hours::max()) == weft::never);
    static_assert(weft::to_nanos(std::chrono::hours::min()) == least);
    static_assert(weft::to_nanos(std::chrono::milliseconds::max()) == weft::never);
    static_assert(weft::to_nanos(std::chrono::nanoseconds::max()) == weft::never);
    EXPECT_LT(weft::to_nanos(std::chrono::milliseconds::min()), -weft::never / 2);
    EXPECT_EQ(weft::to_nanos(seconds_as_double(std::numeric_limits<double>::infinity())), weft::never);
    EXPECT_EQ(weft::to_nanos(seconds_as_double(-std::numeric_limits<double>::infinity())), least);
    EXPECT_EQ(weft::to_nanos(seconds_as_double(9.3e9)), weft::never);  // 294 years; 292 fit
}

TEST(clock, a_duration_that_is_no_number_is_for_ever) {
    EXPECT_EQ(weft::to_nanos(seconds_as_double(std::numeric_limits<double>::quiet_NaN())), weft::never);
}

TEST(clock, a_time_point_survives_the_way_to_nanos_and_back) {
    const weft::clock::time_point t{123456789s};
    EXPECT_EQ(weft::to_time_point(weft::to_nanos(t)), t);
    EXPECT_EQ(weft::to_nanos(weft::clock::time_point::max()), weft::never);
    EXPECT_EQ(weft::to_nanos(weft::clock::time_point::min()), least);
}

TEST(clock, deadline_after_adds_and_never_overflows) {
    static_assert(weft::deadline_after(100, 5) == 105);
    static_assert(weft::deadline_after(100, 0) == 100);
    static_assert(weft::deadline_after(100, weft::never) == weft::never);
    static_assert(weft::deadline_after(100, weft::never - 100) == weft::never);
    static_assert(weft::deadline_after(100, weft::never - 101) == weft::never - 1);
}

TEST(clock, a_negative_delay_is_none) {
    static_assert(weft::deadline_after(100, -1) == 100);
    static_assert(weft::deadline_after(100, least) == 100);
}

}  // namespace
