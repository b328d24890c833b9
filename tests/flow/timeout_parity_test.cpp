// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/timeout.hpp>
#include <weft/flow/with.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// What CPython's test_timeouts asserts of deadlines that pass or do not; docs/parity-tasks.md lists all of it. Nesting, errors
// and misuse are timeout_nesting_parity_test.cpp.

namespace {

using namespace parity;
using weft::timeout;
using weft::with;

task<> sleeps(weft::clock::duration d) { co_await weft::sleep(d); }

// test_timeout_basic
TEST(timeout_parity, a_block_that_takes_too_long_ends_with_timeout_error) {
    run_in_every_order([]() -> task<> {
        timeout t(10ms);
        const auto began = now();
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(t, [] { return sleeps(10s); })));
        EXPECT_TRUE(t.expired());
        EXPECT_EQ(now() - began, 10ms);
    });
}

// test_timeout_at_basic
TEST(timeout_parity, a_deadline_by_the_loops_clock_does_the_same) {
    run_in_every_order([]() -> task<> {
        const auto deadline = now() + 10ms;
        timeout t = weft::timeout_at(deadline);
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(t, [] { return sleeps(10s); })));
        EXPECT_TRUE(t.expired());
        EXPECT_EQ(t.when(), deadline);
        EXPECT_EQ(now(), deadline);
    });
}

// test_waiter_cancelled
TEST(timeout_parity, the_block_sees_a_cancellation) {
    run_in_every_order([]() -> task<> {
        int cancellations = 0;
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(
            with(timeout(10ms), [&] { return counts_cancellations(cancellations); })));
        EXPECT_EQ(cancellations, 1);
    });
}

// test_timeout_not_called
TEST(timeout_parity, one_that_is_left_in_time_has_not_expired) {
    run_in_every_order([]() -> task<> {
        timeout t(10s);
        co_await with(t, [] { return sleeps(10ms); });
        EXPECT_FALSE(t.expired());
        EXPECT_GT(t.when(), now());
    });
}

// test_timeout_disabled, test_timeout_at_disabled, test_repr_disabled
TEST(timeout_parity, one_without_a_deadline_does_nothing) {
    run_in_every_order([]() -> task<> {
        timeout t(std::nullopt);
        timeout at = weft::timeout_at(std::nullopt);
        co_await with(t, [] { return sleeps(10h); });
        co_await with(at, [] { return sleeps(10h); });
        EXPECT_FALSE(t.expired());
        EXPECT_FALSE(at.expired());
        EXPECT_FALSE(t.when().has_value());
        EXPECT_FALSE(at.when().has_value());
    });
}

// test_timeout_zero
TEST(timeout_parity, of_zero_expires_at_the_first_await_that_suspends) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        timeout t(0s);
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(t, [] { return sleeps(10s); })));
        EXPECT_TRUE(t.expired());
        EXPECT_EQ(t.when(), began);
        EXPECT_EQ(now(), began);
    });
}

// test_timeout_zero_sleep_zero, test_timeout_in_the_past_sleep_zero: in first-come order, for both are ready at once
TEST(timeout_parity, of_zero_or_in_the_past_it_comes_before_the_next_turn_of_the_block) {
    weft::testing::run([]() -> task<> {
        const auto began = now();
        for (const weft::clock::duration d : {0s, -11s}) {
            timeout t(d);
            EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(t, [] { return sleeps(0s); })));
            EXPECT_TRUE(t.expired());
            EXPECT_LE(t.when(), began);
            timeout at = weft::timeout_at(began + d);
            EXPECT_TRUE(
                co_await ends_with<weft::timeout_error>(with(at, []() -> task<> { co_await weft::yield_now(); })));
        }
        EXPECT_EQ(now(), began);
    }());
}

// test_timeout_in_the_past_sleep_zero
TEST(timeout_parity, in_the_past_it_does_nothing_to_a_block_that_does_not_wait) {
    run_in_every_order([]() -> task<> {
        timeout t(-11s);
        co_await with(t, []() -> task<> { co_return; });
        EXPECT_FALSE(t.expired());
        co_await weft::sleep(1s);
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

TEST(timeout_parity, destroyed_before_the_loop_comes_to_its_past_deadline_it_does_nothing) {
    run_in_every_order([]() -> task<> {
        {
            timeout t(0s);
            co_await t.enter();
        }
        co_await weft::sleep(1s);
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

// test_foreign_cancel_doesnt_timeout_if_not_expired
TEST(timeout_parity, a_cancellation_from_elsewhere_stays_one) {
    run_in_every_order([]() -> task<> {
        timeout t(10s);
        const auto runner = [&]() -> task<> {
            co_await with(t, []() -> task<> {
                weft::current_task().cancel();
                co_await weft::sleep(10s);
            });
        };
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(weft::create_task(runner())));
        EXPECT_FALSE(t.expired());
    });
}

// test_outer_task_is_not_cancelled
TEST(timeout_parity, the_task_that_times_out_is_not_cancelled) {
    run_in_every_order([]() -> task<> {
        const auto outer = []() -> task<> {
            EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(timeout(1ms), [] { return sleeps(10s); })));
        };
        const auto h = weft::create_task(outer());
        co_await h;
        EXPECT_FALSE(h.cancelled());
        EXPECT_TRUE(h.done());
        EXPECT_EQ(h.cancelling(), 0u);
    });
}

// test_reschedule
TEST(timeout_parity, its_deadline_can_be_changed_and_taken_away) {
    run_in_every_order([]() -> task<> {
        const auto first = now() + 10s;
        const auto second = first + 20s;
        timeout t = weft::timeout_at(first);
        const weft::future<> entered;
        const auto body = [&]() -> task<> {
            co_await with(t, [&]() -> task<> {
                entered.set_result();
                co_await weft::sleep(50s);
            });
        };
        const auto h = weft::create_task(body());
        co_await entered;
        EXPECT_EQ(t.when(), first);
        t.reschedule(second);
        EXPECT_EQ(t.when(), second);
        t.reschedule(std::nullopt);
        EXPECT_FALSE(t.when().has_value());
        h.cancel();
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        EXPECT_FALSE(t.expired());
    });
}

// test_timeout_after_cancellation
TEST(timeout_parity, cleanup_after_a_cancellation_can_have_one_of_its_own) {
    run_in_every_order([]() -> task<> {
        const auto runner = []() -> task<bool> {
            weft::current_task().cancel();
            EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(sleeps(1s)));
            co_return co_await ends_with<weft::timeout_error>(with(timeout(0s), [] { return sleeps(1s); }));
        };
        EXPECT_TRUE(co_await weft::create_task(runner()));
    });
}

// test_cancel_in_timeout_after_cancellation
TEST(timeout_parity, cleanup_with_a_timeout_can_be_cancelled_again) {
    run_in_every_order([]() -> task<> {
        const auto runner = []() -> task<bool> {
            weft::current_task().cancel();
            EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(sleeps(1s)));
            co_return co_await ends_with<weft::cancelled_error>(with(timeout(1s), []() -> task<> {
                weft::current_task().cancel();
                co_await weft::sleep(2s);
            }));
        };
        EXPECT_TRUE(co_await weft::create_task(runner()));
    });
}

}  // namespace
