// SPDX-License-Identifier: Apache-2.0
#include "async_generator_readers.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// close() while another task's operation is in flight: it cancels what that waits for, and takes its turn after it.

namespace {

using weft::async_generator;
using weft::create_task;
using weft::task;

/// Closes `g` while a task waits for its first element. @return what the reader saw
task<std::string> closed_in_flight(async_generator<int> g) {
    const auto reader = create_task(asks_and_sleeps(g));
    co_await weft::yield_now();
    const auto begun = now();
    co_await g.close();
    EXPECT_EQ(now(), begun) << "it waited for more than it had to";
    EXPECT_TRUE(g.done());
    co_return co_await reader;
}
std::string seen_when_closed(async_generator<int> g) { return weft::testing::run(closed_in_flight(std::move(g))); }

// What the operation in flight waits for

TEST(async_generator_close_in_flight, ends_a_sleep_and_the_reader_is_at_the_end) {
    EXPECT_EQ(seen_when_closed(sleeps()), undisturbed);
}

TEST(async_generator_close_in_flight, ends_the_wait_for_a_future_by_cancelling_that) {
    const auto main = []() -> task<> {
        const weft::future<> never;
        const auto body = [](weft::future<> f) -> async_generator<int> {
            co_await f;
            co_yield 1;
        };
        EXPECT_EQ(co_await closed_in_flight(body(never)), undisturbed);
        EXPECT_TRUE(never.cancelled());
    };
    weft::testing::run(main());
}

TEST(async_generator_close_in_flight, ends_the_wait_for_a_task_by_cancelling_that) {
    const auto main = []() -> task<> {
        const auto other = create_task(weft::sleep(1h));
        const auto body = [](weft::task_handle<> h) -> async_generator<int> {
            co_await h;
            co_yield 1;
        };
        const auto reader_of = [&](async_generator<int> g) -> task<std::string> {
            const auto reader = create_task(asks_and_sleeps(g));
            co_await weft::yield_now();
            co_await g.close();
            co_return co_await reader;
        };
        EXPECT_EQ(co_await reader_of(body(other)), undisturbed);
        EXPECT_TRUE(other.cancelled());
    };
    weft::testing::run(main());
}

TEST(async_generator_close_in_flight, ends_a_wait_in_a_task_that_the_body_awaits) {
    const auto body = []() -> async_generator<int> {
        const auto inner = []() -> task<> { co_await weft::sleep(1h); };
        co_await inner();
        co_yield 1;
    };
    EXPECT_EQ(seen_when_closed(body()), undisturbed);
}

TEST(async_generator_close_in_flight, ends_a_body_that_is_ready_but_has_not_run_yet) {
    const auto body = []() -> async_generator<int> {
        for (;;) co_await weft::yield_now();
        co_yield 1;
    };
    EXPECT_EQ(seen_when_closed(body()), undisturbed);
}

TEST(async_generator_close_in_flight, ends_a_body_that_waits_for_the_closing_task_itself) {
    const auto main = []() -> task<> {
        std::optional<weft::task_handle<>> closer;
        const auto body = [&]() -> async_generator<int> {
            co_await *closer;
            co_yield 1;
        };
        auto g = body();
        const auto closes = [&]() -> task<> {
            co_await weft::sleep(1s);
            co_await g.close();
        };
        closer = create_task(closes());
        EXPECT_EQ(co_await asks_and_sleeps(g), undisturbed);
        EXPECT_TRUE(closer->done());
        EXPECT_TRUE(g.done());
    };
    weft::testing::run(main());
}

// What the body makes of it

TEST(async_generator_close_in_flight, waits_for_the_clean_up_of_the_one_in_flight) {
    const auto main = []() -> task<> {
        auto g = cleans_up_slowly();
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        const auto begun = now();
        co_await g.close();
        EXPECT_EQ(now() - begun, 1h);
        EXPECT_EQ(co_await reader, undisturbed);
    };
    weft::testing::run(main());
}

TEST(async_generator_close_in_flight, an_answer_by_a_value_is_delivered_and_generator_exit_raised_there) {
    const auto main = []() -> task<> {
        bool exited = false;
        const auto body = [&]() -> async_generator<int> {
            bool cancelled = false;
            try {
                co_await weft::sleep(1h);
            } catch (const weft::cancelled_error&) {
                cancelled = true;
            }
            try {
                co_yield cancelled;
            } catch (const weft::generator_exit&) {
                exited = true;
            }
        };
        EXPECT_EQ(co_await closed_in_flight(body()), "1, slept, 0");
        EXPECT_TRUE(exited);
    };
    weft::testing::run(main());
}

TEST(async_generator_close_in_flight, yielding_against_both_is_reported_and_leaves_it_usable) {
    const auto main = []() -> task<> {
        const auto body = []() -> async_generator<int> {
            try {
                co_await weft::sleep(1h);
            } catch (const weft::cancelled_error&) {
            }
            try {
                co_yield 1;
            } catch (const weft::generator_exit&) {
            }
            co_yield 2;
            co_yield 3;
        };
        auto g = body();
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        EXPECT_THROW(co_await g.close(), weft::generator_ignored_exit);
        EXPECT_EQ(co_await reader, "1, slept, 0");
        EXPECT_EQ(co_await g.next(), 3);
    };
    weft::testing::run(main());
}

TEST(async_generator_close_in_flight, another_error_is_the_readers) {
    const auto body = []() -> async_generator<int> {
        try {
            co_await weft::sleep(1h);
        } catch (const weft::cancelled_error&) {
            throw std::runtime_error("the clean-up failed");
        }
        co_yield 1;
    };
    EXPECT_EQ(seen_when_closed(body()), "the clean-up failed, slept, 0");
}

// Misuse

TEST(async_generator_close_in_flight, a_second_one_is_refused_and_the_first_unharmed) {
    const auto main = []() -> task<> {
        auto g = cleans_up_slowly();
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        const auto first = create_task(g.close()), second = create_task(g.close());
        EXPECT_EQ(co_await outcome(second), "close(): asynchronous generator is already running");
        EXPECT_EQ(co_await outcome(first), "finished");
        EXPECT_EQ(co_await reader, undisturbed);
    };
    weft::testing::run(main());
}

TEST(async_generator_close_in_flight, is_refused_beside_a_close_and_does_not_cancel_its_clean_up) {
    const auto main = []() -> task<> {
        bool clean = false;
        const auto body = [&]() -> async_generator<int> {
            try {
                co_yield 1;
            } catch (const weft::generator_exit&) {
            }
            co_await weft::sleep(1s);
            clean = true;
        };
        auto g = body();
        co_await g.next();
        const auto first = create_task(g.close()), second = create_task(g.close());
        EXPECT_EQ(co_await outcome(second), "close(): asynchronous generator is already running");
        EXPECT_EQ(co_await outcome(first), "finished");
        EXPECT_TRUE(clean);
    };
    weft::testing::run(main());
}

TEST(async_generator_close_in_flight, is_refused_to_its_own_body_and_what_that_awaits) {
    const auto main = []() -> task<> {
        async_generator<int>* me = nullptr;
        const auto closes_it = [&]() -> task<> { co_await me->close(); };
        const auto body = [&]() -> async_generator<int> {
            EXPECT_THROW(co_await me->close(), weft::generator_already_running);
            EXPECT_THROW(co_await closes_it(), weft::generator_already_running);
            co_yield 1;
        };
        auto g = body();
        me = &g;
        EXPECT_EQ(co_await g.next(), 1);
        EXPECT_EQ(weft::current_task_core().cancelling(), 0u);
        co_await weft::sleep(1s);
    };
    weft::testing::run(main());
}

}  // namespace
