// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/loop_counters.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>

namespace {

using weft::loop_counters;

TEST(loop_counters, a_lag_is_counted_below_the_first_bound_that_it_does_not_exceed) {
    EXPECT_EQ(loop_counters::lag_bucket(-1), 0u);
    EXPECT_EQ(loop_counters::lag_bucket(0), 0u);
    for (std::size_t i = 0; i < loop_counters::lag_bounds; ++i) {
        EXPECT_EQ(loop_counters::lag_bucket(loop_counters::lag_bound(i)), i);
        EXPECT_EQ(loop_counters::lag_bucket(loop_counters::lag_bound(i) + 1), i + 1);
    }
    EXPECT_EQ(loop_counters::lag_bucket(std::numeric_limits<weft::nanos>::max()), loop_counters::lag_bounds);
}

TEST(loop_counters, the_bounds_go_from_a_microsecond_to_more_than_ten_seconds) {
    EXPECT_EQ(loop_counters::lag_bound(0), 1'000);
    EXPECT_GT(loop_counters::lag_bound(loop_counters::lag_bounds - 1), 10'000'000'000);
}

TEST(loop_counters, lags_are_summed_up_and_never_backwards) {
    loop_counters c;
    c.note_lag(1'500);
    c.note_lag(2'500);
    c.note_lag(-7);  // a clock that was set back by whoever made it
    EXPECT_EQ(c.lag_sum.value(), 4'000u);
    EXPECT_EQ(c.lags[0].value(), 1u);
    EXPECT_EQ(c.lags[1].value(), 1u);
    EXPECT_EQ(c.lags[2].value(), 1u);
}

}  // namespace
