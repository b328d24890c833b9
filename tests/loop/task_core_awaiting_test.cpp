// SPDX-License-Identifier: Apache-2.0
// Cancellation where tasks wait for tasks: it goes to the one that is waited for, whose end decides.
#include "loop/cancelled_tasks.hpp"

#include <weft/flow/sleep.hpp>
#include <weft/loop/task_core.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

TEST(task_core, awaiting_a_cancelled_task_throws_and_leaves_the_awaiting_one_alone) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto h = weft::create_task(sleeps(log));
        co_await weft::yield_now();
        h.cancel();
        for (int i = 0; i < 2; ++i) EXPECT_EQ(co_await outcome(h), "cancelled");
        EXPECT_EQ(weft::current_task_core().cancelling(), 0u);
        co_await weft::sleep(1s);
    };
    weft::testing::run(main());
}

TEST(task_core, cancelling_one_that_awaits_a_task_cancels_that_task_and_waits_for_it) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto awaited = weft::create_task(cleans_up(log, "inner ended, "));
        const auto outer = [](weft::task_handle<> h, std::string& l) -> weft::task<> {
            try {
                co_await h;
            } catch (const weft::cancelled_error&) {
                l += "outer cancelled";
                throw;
            }
        };
        const auto h = weft::create_task(outer(awaited, log));
        co_await weft::yield_now();
        h.cancel();
        EXPECT_EQ(awaited.cancelling(), 1u);
        EXPECT_EQ(co_await outcome(h), "cancelled");
        EXPECT_EQ(log, "inner ended, outer cancelled");
        EXPECT_TRUE(awaited.cancelled());
    };
    weft::testing::run(main());
}

TEST(task_core, one_that_awaits_a_task_which_swallows_gets_its_result) {
    const auto main = []() -> weft::task<> {
        const auto awaits = [](weft::task_handle<int> h) -> weft::task<int> { co_return co_await h; };
        const auto h = weft::create_task(awaits(weft::create_task(swallows(5))));
        co_await weft::yield_now();
        co_await weft::yield_now();
        h.cancel();
        EXPECT_EQ(co_await h, 5);
    };
    weft::testing::run(main());
}

TEST(task_core, a_pending_request_is_passed_on_at_the_await_of_a_task) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto awaited = weft::create_task(sleeps(log));
        co_await weft::yield_now();
        const auto body = [](weft::task_handle<> a) -> weft::task<> {
            weft::current_task_core().cancel();
            co_await a;
        };
        const auto h = weft::create_task(body(awaited));
        EXPECT_EQ(co_await outcome(h), "cancelled");
        EXPECT_TRUE(awaited.cancelled());
        EXPECT_EQ(log, "cancelled()");
    };
    weft::testing::run(main());
}

weft::task<> waits_for(weft::task_handle<> other) { co_await other; }
weft::task<> sleeps_long() { co_await weft::sleep(std::chrono::hours(1)); }

TEST(task_core, cancelling_a_line_of_100000_tasks_uses_constant_stack) {
    const auto main = []() -> weft::task<bool> {
        auto last = weft::create_task(sleeps_long());
        const auto first = last;
        for (int i = 0; i < 100'000; ++i) last = weft::create_task(waits_for(last));
        co_await weft::sleep(std::chrono::seconds(1));
        last.cancel();
        co_await weft::done_awaiter(last.state());
        co_return first.cancelled() && last.cancelled();
    };
    EXPECT_TRUE(weft::testing::run(main()));
}

TEST(task_core, tasks_that_wait_for_each_other_can_be_cancelled) {
    const auto main = []() -> weft::task<bool> {
        std::vector<weft::task_handle<>> pair;
        const auto waits = [](std::vector<weft::task_handle<>>& both, std::size_t other) -> weft::task<> {
            co_await weft::yield_now();
            co_await weft::task_handle<>(both[other]);
        };
        pair.push_back(weft::create_task(waits(pair, 1)));
        pair.push_back(weft::create_task(waits(pair, 0)));
        co_await weft::sleep(std::chrono::seconds(1));
        pair[0].cancel();
        co_await weft::done_awaiter(pair[0].state());
        co_await weft::done_awaiter(pair[1].state());
        co_return pair[0].cancelled() && pair[1].cancelled();
    };
    EXPECT_TRUE(weft::testing::run(main()));
}

}  // namespace
