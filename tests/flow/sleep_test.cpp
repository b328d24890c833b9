// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

weft::clock::time_point now() { return weft::get_running_loop().time(); }

weft::task<> say_after(std::string& log, weft::clock::duration d, char c) {
    co_await weft::sleep(d);
    log += c;
}

// A sleeping task is to fit in 256 bytes: its state and its frame as blocks of malloc's, and its slot. The frame's size is
// the optimizer's to say: 120 bytes by clang-19 -O3, of which the awaiter is the most.
constexpr std::size_t block_of(std::size_t bytes) {
    return weft::frame_cache::size_of(weft::frame_cache::class_of(bytes)) + 8;
}
static_assert(sizeof(weft::sleep_awaiter) == 48);
static_assert(block_of(sizeof(weft::task_state<void>)) == 112);
static_assert(block_of(sizeof(weft::task_state<void>)) + block_of(120) + 4096 / weft::registry_page::capacity + 1 <=
              256);

TEST(sleep, ends_after_its_time_by_the_loops_clock) {
    const auto main = []() -> weft::task<> {
        const auto began = now();
        for (const weft::clock::duration d : {1ns, 1'000ns, 16'384ns, 1'000'000'000ns}) {
            const auto before = now();
            co_await weft::sleep(d);
            EXPECT_EQ(now() - before, d);
        }
        co_await weft::sleep(std::chrono::duration<double>(0.5));
        co_await weft::sleep(24h * 365);
        EXPECT_EQ(now() - began, 24h * 365 + 1500ms + 17'385ns);
    };
    weft::testing::run(main());
}

TEST(sleep, tasks_wake_in_the_order_of_their_times_and_then_of_falling_asleep) {
    const auto main = []() -> weft::task<std::string> {
        std::string log;
        std::vector<weft::task_handle<>> all;
        const std::pair<weft::clock::duration, char> sleepers[] = {{3s, 'd'}, {1s, 'a'},    {2s, 'b'},
                                                                   {2s, 'c'}, {2000h, 'f'}, {3001ms, 'e'}};
        for (const auto& [d, c] : sleepers) all.push_back(weft::create_task(say_after(log, d, c)));
        for (const auto& h : all) co_await h;
        co_return log;
    };
    EXPECT_EQ(weft::testing::run(main()), "abcdef");
}

TEST(sleep, of_nothing_lets_the_others_run_once_and_takes_no_time) {
    const auto main = []() -> weft::task<std::string> {
        std::string log;
        const auto began = now();
        const auto a = weft::create_task(say_after(log, 0s, 'a')), b = weft::create_task(say_after(log, -1h, 'b'));
        log += '1';
        co_await weft::sleep(0s);  // they fall asleep
        log += '2';
        co_await weft::sleep(std::chrono::hours::min());
        log += '3';
        EXPECT_EQ(now(), began);
        co_return log;
    };
    EXPECT_EQ(weft::testing::run(main()), "12ab3");
}

TEST(sleep, yield_now_is_sleep_of_nothing) {
    const auto main = []() -> weft::task<std::string> {
        std::string log;
        const auto other = [](std::string& l) -> weft::task<> {
            for (int i = 0; i < 3; ++i) {
                l += 'b';
                co_await weft::yield_now();
            }
        };
        const auto h = weft::create_task(other(log));
        for (int i = 0; i < 4; ++i) {
            log += 'a';
            co_await weft::yield_now();
        }
        EXPECT_TRUE(h.done());
        co_return log;
    };
    EXPECT_EQ(weft::testing::run(main()), "abababa");
}

TEST(sleep, until_a_time_of_the_clock) {
    const auto main = []() -> weft::task<> {
        const auto began = now();
        co_await weft::sleep_until(began + 5s);
        EXPECT_EQ(now(), began + 5s);
        co_await weft::sleep_until(began + 3s);  // has passed
        co_await weft::sleep_until(weft::clock::time_point::min());
        EXPECT_EQ(now(), began + 5s);
    };
    weft::testing::run(main());
}

TEST(sleep, for_ever_is_longer_than_anything) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto for_ever = []() -> weft::task<> { co_await weft::sleep(std::chrono::hours::max()); };
        const auto infinitely = []() -> weft::task<> {
            co_await weft::sleep(std::chrono::duration<double>(std::numeric_limits<double>::infinity()));
        };
        const auto until_the_end = []() -> weft::task<> { co_await weft::sleep_until(weft::clock::time_point::max()); };
        const weft::task_handle<> all[] = {weft::create_task(for_ever()), weft::create_task(infinitely()),
                                           weft::create_task(until_the_end())};
        co_await weft::sleep(24h * 365 * 250);
        for (const auto& h : all) EXPECT_FALSE(h.done());
    };
    weft::testing::run(main());
}

TEST(sleep, starts_when_it_is_awaited) {
    const auto main = []() -> weft::task<> {
        auto s = weft::sleep(1h);
        co_await weft::sleep(30min);
        const auto before = now();
        co_await s;
        EXPECT_EQ(now() - before, 1h);
    };
    weft::testing::run(main());
}

TEST(sleep, may_be_a_task_of_its_own) {
    const auto main = []() -> weft::task<> {
        const auto began = now();
        const auto h = weft::create_task(weft::sleep(1h), {.name = "nap"});
        const auto until = weft::create_task(weft::sleep_until(began + 2h));
        EXPECT_EQ(h.name(), "nap");
        co_await h;
        EXPECT_EQ(now() - began, 1h);
        co_await until;
        EXPECT_EQ(now() - began, 2h);
    };
    weft::testing::run(main());
}

TEST(sleep, ten_thousand_sleep_at_once) {
    const auto main = []() -> weft::task<int> {
        int woken = 0;
        const auto sleeper = [](int& w, int i) -> weft::task<> {
            co_await weft::sleep(std::chrono::microseconds(i % 1000 * 977));
            ++w;
        };
        for (int i = 0; i < 10'000; ++i) weft::spawn(sleeper(woken, i));
        co_await weft::sleep(1s);
        co_return woken;
    };
    EXPECT_EQ(weft::testing::run(main()), 10'000);
}

// Cancellation; "destroyed while waiting" is tests/loop/waiter_test.cpp

TEST(sleep, cancelled_while_waiting) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto began = now();
        const auto h = weft::create_task(say_after(log, 1h, 'x'));
        co_await weft::sleep(1s);
        h.cancel();
        co_await weft::yield_now();
        EXPECT_TRUE(h.cancelled());
        EXPECT_EQ(now(), began + 1s);
        co_await weft::sleep(2h);  // its timer is gone as well
        EXPECT_EQ(log, "");
    };
    weft::testing::run(main());
}

TEST(sleep, cancelled_while_it_yields) {
    const auto main = []() -> weft::task<> {
        const auto yields = []() -> weft::task<> {
            for (;;) co_await weft::yield_now();
        };
        const auto h = weft::create_task(yields());
        co_await weft::yield_now();
        h.cancel();
        co_await weft::yield_now();
        EXPECT_TRUE(h.cancelled());
    };
    weft::testing::run(main());
}

TEST(sleep, is_not_begun_when_a_cancellation_is_pending) {
    const auto main = []() -> weft::task<int> {
        int raised = 0;
        for (int i = 0; i < 3; ++i) {
            weft::current_task_core().cancel();
            try {
                if (i == 0) co_await weft::sleep(1h);
                if (i == 1) co_await weft::sleep(0s);
                if (i == 2) co_await weft::yield_now();
            } catch (const weft::cancelled_error&) {
                ++raised;
            }
        }
        co_return raised;
    };
    EXPECT_EQ(weft::testing::run(main()), 3);
}

TEST(sleep, alone_for_ever_is_a_deadlock_on_a_virtual_clock) {
    const auto main = []() -> weft::task<> { co_await weft::sleep(std::chrono::hours::max()); };
    EXPECT_THROW(weft::testing::run(main()), weft::deadlock_error);
}

TEST(sleep, is_awaited_once) {
    const auto main = []() -> weft::task<> {
        auto tick = weft::sleep(1ms);
        co_await tick;
        EXPECT_THROW(co_await tick, weft::invalid_state_error);
    };
    weft::testing::run(main());
}

}  // namespace
