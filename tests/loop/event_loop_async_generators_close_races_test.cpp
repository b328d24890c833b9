// SPDX-License-Identifier: Apache-2.0
#include "async_generator_readers.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

using namespace std::chrono_literals;

// close() while another task's operation is in flight, when something else happens to one of them meanwhile.

namespace {

using weft::async_generator;
using weft::create_task;
using weft::task;

// Cancelled while waiting

TEST(async_generator_close_races, cancelled_in_line_it_throws_at_once_and_the_reader_still_comes_to_the_end) {
    const auto main = []() -> task<> {
        auto g = cleans_up_slowly();
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        const auto closer = create_task(g.close());
        co_await weft::sleep(1s);
        const auto begun = now();
        closer.cancel();
        EXPECT_EQ(co_await outcome(closer), "cancelled");
        EXPECT_EQ(now(), begun);
        EXPECT_EQ(co_await reader, undisturbed);
        EXPECT_TRUE(g.done());
    };
    weft::testing::run(main());
}

TEST(async_generator_close_races, cancelled_before_it_stands_in_line_it_disturbs_nobody) {
    const auto main = []() -> task<> {
        auto g = sleeps();
        const auto reader = create_task(asks_and_sleeps(g));
        const auto closes = [&]() -> task<> {
            weft::current_task_core().cancel();
            co_await g.close();
        };
        co_await weft::yield_now();
        EXPECT_EQ(co_await outcome(create_task(closes())), "cancelled");
        EXPECT_EQ(co_await reader, "0, slept, 0");
    };
    weft::testing::run(main());
}

TEST(async_generator_close_races, a_cancellation_of_the_reader_arrives_exactly_once) {
    enum class cancelled { just_before, before, with_it, after_it, at_its_end };
    const auto main = [](cancelled when) -> task<std::string> {
        auto g = sleeps();
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        if (when <= cancelled::before) reader.cancel();
        if (when == cancelled::before) co_await weft::yield_now();
        const auto closer = create_task(g.close());
        if (when == cancelled::with_it) weft::get_running_loop().call_soon([reader] { reader.cancel(); });
        co_await weft::yield_now();
        if (when == cancelled::after_it) reader.cancel();
        co_await closer;
        if (when == cancelled::at_its_end) reader.cancel();
        EXPECT_TRUE(g.done());
        co_return co_await reader;
    };
    for (const auto when :
         {cancelled::just_before, cancelled::before, cancelled::with_it, cancelled::after_it, cancelled::at_its_end}) {
        const std::string expected = when == cancelled::at_its_end ? "end, cancelled, 1" : "cancelled, slept, 1";
        EXPECT_EQ(weft::testing::run(main(when)), expected) << static_cast<int>(when);
    }
}

TEST(async_generator_close_races, in_whatever_order_a_cancellation_is_neither_lost_nor_doubled) {
    const auto main = []() -> task<std::string> {
        auto g = sleeps();
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        const auto cancels = [&]() -> task<> {
            reader.cancel();
            co_return;
        };
        const auto closer = create_task(g.close()), canceller = create_task(cancels());
        co_await closer;
        co_await canceller;
        co_return co_await reader;
    };
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const std::string seen = weft::testing::run(main(), {.seed = seed});
        EXPECT_TRUE(seen == "cancelled, slept, 1" || seen == "end, cancelled, 1") << seed << ": " << seen;
    }
}

TEST(async_generator_close_races, a_cancellation_swallowed_long_before_is_another_matter) {
    const auto main = []() -> task<> {
        auto g = sleeps();
        const auto reads = [&]() -> task<std::string> {
            try {
                co_await weft::sleep(1h);
            } catch (const weft::cancelled_error&) {
            }
            co_return co_await asks_and_sleeps(g);
        };
        const auto reader = create_task(reads());
        co_await weft::yield_now();
        reader.cancel();
        co_await weft::sleep(1s);
        co_await g.close();
        EXPECT_EQ(co_await reader, "end, slept, 1");
    };
    weft::testing::run(main());
}

// Destroyed while waiting

TEST(async_generator_close_races, destroyed_in_line_the_reader_still_comes_to_the_end) {
    const auto main = []() -> task<> {
        auto g = cleans_up_slowly();
        const auto body = [&]() -> async_generator<int> {
            co_await g.close();
            co_yield 1;
        };
        auto closing = std::make_unique<async_generator<int>>(body());
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        const auto closer = create_task(closing->next());
        co_await weft::yield_now();
        closing.reset();
        EXPECT_EQ(co_await outcome(closer), "the async generator was destroyed while it was awaited");
        EXPECT_EQ(co_await reader, undisturbed);
    };
    weft::testing::run(main());
}

TEST(async_generator_close_races, the_generator_destroyed_both_go_on_and_no_cancellation_is_left) {
    const auto main = []() -> task<> {
        auto g = sleeps();
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        const auto closer = create_task(g.close());
        co_await weft::yield_now();
        g = {};
        EXPECT_EQ(co_await outcome(closer), "finished");
        EXPECT_EQ(co_await reader, "the async generator was destroyed while it was awaited, slept, 0");
    };
    weft::testing::run(main());
}

// Races

TEST(async_generator_close_races, one_within_another_both_may_be_closed_in_the_same_turn) {
    const auto main = [](bool inner_first) -> task<> {
        auto inner = sleeps();
        const auto body = [&]() -> async_generator<int> {
            while (const auto i = co_await inner.next()) co_yield *i;
            co_await weft::sleep(1h);
        };
        auto outer = body();
        const auto reader = create_task(asks_and_sleeps(outer));
        co_await weft::yield_now();
        const auto begun = now();
        const auto first = create_task((inner_first ? inner : outer).close());
        const auto second = create_task((inner_first ? outer : inner).close());
        EXPECT_EQ(co_await outcome(first), "finished");
        EXPECT_EQ(co_await outcome(second), "finished");
        EXPECT_EQ(now(), begun);
        EXPECT_TRUE(inner.done());
        EXPECT_TRUE(outer.done());
        EXPECT_EQ(co_await reader, undisturbed);
    };
    weft::testing::run(main(true));
    weft::testing::run(main(false));
}

TEST(async_generator_close_races, a_body_that_ends_by_itself_in_the_same_turn_has_ended) {
    const auto main = []() -> task<std::string> {
        const auto body = []() -> async_generator<int> {
            co_await weft::sleep(1s);
            co_yield 7;
        };
        auto g = body();
        const auto closes = [&]() -> task<> {
            co_await weft::sleep(1s);
            co_await g.close();
        };
        const auto reader = create_task(asks_and_sleeps(g));
        co_await create_task(closes());
        EXPECT_TRUE(g.done());
        co_return co_await reader;
    };
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const std::string seen = weft::testing::run(main(), {.seed = seed});
        EXPECT_TRUE(seen == "7, slept, 0" || seen == undisturbed) << seed << ": " << seen;
    }
}

}  // namespace
