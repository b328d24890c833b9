// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/task_group.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/flow/with.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// What CPython's test_timeouts asserts of nesting, errors and misuse; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::timeout;
using weft::with;

task<> sleeps(weft::clock::duration d) { co_await weft::sleep(d); }
task<> does_nothing() { co_return; }

// test_nested_timeouts
TEST(timeout_nesting_parity, of_two_that_expire_together_the_outer_one_is_blamed) {
    run_in_every_order([]() -> task<> {
        const auto deadline = now() + 10ms;
        timeout outer = weft::timeout_at(deadline);
        timeout inner = weft::timeout_at(deadline);
        bool inner_was_cancelled = false;
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(outer, [&]() -> task<> {
            try {
                co_await with(inner, [] { return sleeps(10s); });
            } catch (const weft::cancelled_error&) {
                inner_was_cancelled = true;
                throw;
            }
        })));
        EXPECT_TRUE(inner_was_cancelled);
        EXPECT_TRUE(outer.expired());
        EXPECT_TRUE(inner.expired());
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

// test_nested_timeouts_concurrent
TEST(timeout_nesting_parity, an_outer_one_that_expires_first_ends_the_inner_block_by_a_cancellation) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        timeout inner(100ms);
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(timeout(2ms), [&]() -> task<> {
            EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(with(inner, [] { return sleeps(1s); })));
            throw weft::cancelled_error();
        })));
        EXPECT_FALSE(inner.expired());
        EXPECT_EQ(now() - began, 2ms);
    });
}

// test_nested_timeouts_loop_busy: when the loop looks at the clock again, both are overdue
TEST(timeout_nesting_parity, of_two_that_are_overdue_the_outer_one_is_blamed) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        for (const auto first : {began - 2s, began - 4s}) {
            timeout outer = weft::timeout_at(first);
            timeout inner = weft::timeout_at(began - 3s);
            EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(outer, [&]() -> task<> {
                EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(with(inner, [] { return sleeps(1s); })));
                throw weft::cancelled_error();
            })));
            EXPECT_TRUE(outer.expired());
            EXPECT_TRUE(inner.expired());
            EXPECT_EQ(now(), began);
        }
    });
}

// test_nested_timeouts_loop_busy
TEST(timeout_nesting_parity, what_follows_the_inner_one_is_ended_by_the_outer_one) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        bool inner_timed_out = false;
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(timeout(100ms), [&]() -> task<> {
            inner_timed_out = co_await ends_with<weft::timeout_error>(with(timeout(10ms), [] { return sleeps(1s); }));
            co_await weft::sleep(10s);
        })));
        EXPECT_TRUE(inner_timed_out);
        EXPECT_EQ(now() - began, 100ms);
    });
}

// test_nested_timeout_in_finally
TEST(timeout_nesting_parity, cleanup_after_the_outer_one_may_have_one_of_its_own) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        bool inner_timed_out = false;
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(timeout(10ms), [&]() -> task<> {
            std::exception_ptr cancellation;
            try {
                co_await weft::sleep(1s);
            } catch (const weft::cancelled_error&) {
                cancellation = std::current_exception();
            }
            inner_timed_out = co_await ends_with<weft::timeout_error>(with(timeout(10ms), [] { return sleeps(10s); }));
            std::rethrow_exception(cancellation);
        })));
        EXPECT_TRUE(inner_timed_out);
        EXPECT_EQ(now() - began, 20ms);
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

// test_foreign_exception_passed
TEST(timeout_nesting_parity, an_error_of_the_block_passes) {
    run_in_every_order([]() -> task<> {
        timeout t(10ms);
        EXPECT_TRUE(co_await ends_with<crash>(with(t, [] { return crashes_after(0s); })));
        EXPECT_FALSE(t.expired());
    });
}

// test_foreign_exception_on_timeout, test_foreign_exception_on_timeout_2
TEST(timeout_nesting_parity, an_error_in_place_of_the_cancellation_passes_as_well) {
    run_in_every_order([]() -> task<> {
        timeout t(10ms);
        EXPECT_TRUE(co_await ends_with<crash>(with(t, [] { return crashes_when_cancelled(); })));
        EXPECT_TRUE(t.expired());
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

// test_timeout_taskgroup
TEST(timeout_nesting_parity, around_a_group_it_lets_the_errors_of_the_tasks_it_has_cancelled_pass) {
    run_in_every_order([]() -> task<> {
        timeout t(10ms);
        const auto errors = co_await group_of(with(t, []() -> task<> {
            co_await with(weft::task_group(), [](weft::task_group& g) -> task<> {
                g.create_task(crashes_when_cancelled());
                co_await weft::sleep(1s);
            });
        }));
        EXPECT_TRUE(t.expired());
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_EQ(errors->exceptions().size(), 1u);
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

// Misuse

std::string error_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const weft::invalid_state_error& e) {
        return e.what();
    }
    return "none";
}
task<std::string> error_of(task<> t) {
    try {
        co_await std::move(t);
    } catch (const std::logic_error& e) {
        co_return e.what();
    }
    co_return "none";
}

// test_timeout_already_entered, test_timeout_double_enter
TEST(timeout_nesting_parity, is_entered_once) {
    weft::testing::run([]() -> task<> {
        timeout t(10ms);
        std::string inside;
        co_await with(t, [&]() -> task<> { inside = co_await error_of(with(t, does_nothing)); });
        EXPECT_NE(inside.find("entered already"), std::string::npos) << inside;
        const std::string after = co_await error_of(with(t, does_nothing));
        EXPECT_NE(after.find("entered already"), std::string::npos) << after;
    }());
}

// test_timeout_finished, test_repr_finished
TEST(timeout_nesting_parity, one_that_was_left_cannot_be_rescheduled) {
    weft::testing::run([]() -> task<> {
        timeout t(10ms);
        co_await with(t, does_nothing);
        const std::string said = error_of([&] { t.reschedule(now() + 20ms); });
        EXPECT_NE(said.find("left"), std::string::npos) << said;
    }());
}

// test_timeout_expired, test_repr_expired
TEST(timeout_nesting_parity, nor_can_one_that_has_expired) {
    weft::testing::run([]() -> task<> {
        timeout t(10ms);
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(with(t, [] { return sleeps(1s); })));
        const std::string said = error_of([&] { t.reschedule(now() + 20ms); });
        EXPECT_NE(said.find("expired"), std::string::npos) << said;
    }());
}

// test_timeout_expiring
TEST(timeout_nesting_parity, nor_one_whose_block_swallowed_the_cancellation_and_is_not_left_yet) {
    weft::testing::run([]() -> task<> {
        timeout t(10ms);
        std::string said;
        co_await with(t, [&]() -> task<> {
            EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(sleeps(1s)));
            said = error_of([&] { t.reschedule(now() + 20ms); });
        });
        EXPECT_NE(said.find("expired"), std::string::npos) << said;
        EXPECT_TRUE(t.expired());
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    }());
}

// test_timeout_not_entered
TEST(timeout_nesting_parity, nor_one_that_has_not_been_entered) {
    weft::testing::run([]() -> task<> {
        timeout t(10ms);
        const std::string said = error_of([&] { t.reschedule(now() + 20ms); });
        EXPECT_NE(said.find("has not been entered"), std::string::npos) << said;
        co_return;
    }());
}

// test_timeout_without_task
TEST(timeout_nesting_parity, cannot_be_entered_without_a_task) {
    weft::testing::run([]() -> task<> {
        timeout t(10ms);
        std::string said;
        weft::get_running_loop().call_soon([&] {
            auto by_hand = with(t, does_nothing);
            try {
                by_hand.step();
            } catch (const weft::no_running_loop_error& e) {
                said = e.what();
            }
        });
        co_await weft::yield_now();
        EXPECT_NE(said.find("stepped by hand"), std::string::npos) << said;
        said = error_of([&] { t.reschedule(now() + 20ms); });
        EXPECT_NE(said.find("has not been entered"), std::string::npos) << said;
    }());
}

}  // namespace
