// SPDX-License-Identifier: Apache-2.0
#include "async_generator_readers.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// What becomes of the async generators that are left when a loop ends.

namespace {

using weft::async_generator;
using weft::create_task;
using weft::generator_state;
using weft::task;
using lines = std::vector<std::string>;

/// Notes `name` once it has cleaned up, which takes a second.
async_generator<int> cleans_up(lines& log, std::string name) {
    try {
        for (int i = 0;; ++i) co_yield i;
    } catch (const weft::generator_exit&) {
    }
    co_await weft::sleep(1s);
    log.push_back(name);
}
/// What the exception handler hears goes to `log`.
void report_to(lines& log) {
    weft::get_running_loop().set_exception_handler([&](weft::event_loop&, const weft::error_context& c) {
        log.push_back(c.message + (c.exception ? ": " + weft::describe_exception(c.exception) : ""));
    });
}

TEST(async_generators_at_shutdown, clean_up_that_awaits_runs_all_at_once_and_before_the_loop_closes) {
    lines log;
    auto a = cleans_up(log, "a"), b = cleans_up(log, "b");
    const auto main = [&]() -> task<weft::clock::time_point> {
        co_await a.next();
        co_await b.next();
        co_return now();
    };
    auto loop = weft::testing::make_virtual_loop();
    weft::event_loop& at = *loop;
    weft::runner r(std::move(loop), {.handle_sigint = false});
    const auto ended = r.run(main());
    EXPECT_EQ(log, lines());
    at.run_until_complete(at.shutdown_asyncgens());
    EXPECT_EQ(log, (lines{"a", "b"}));
    EXPECT_EQ(at.time() - ended, 1s);
    EXPECT_TRUE(a.done());
}

TEST(async_generators_at_shutdown, what_was_never_iterated_is_not_touched) {
    lines log;
    auto g = cleans_up(log, "g");
    const auto main = [&]() -> task<> {
        EXPECT_EQ(g.state(), generator_state::created);
        co_return;
    };
    weft::testing::run(main());
    EXPECT_EQ(g.state(), generator_state::created);
    const auto later = [&]() -> task<> { EXPECT_EQ(co_await g.next(), 0); };
    weft::testing::run(later());
    EXPECT_EQ(log, lines{"g"});
}

TEST(async_generators_at_shutdown, one_that_has_ended_or_was_closed_has_nothing_more_to_clean_up) {
    lines log;
    auto g = cleans_up(log, "g");
    const auto main = [&]() -> task<> {
        co_await g.next();
        co_await g.close();
        co_await weft::get_running_loop().shutdown_asyncgens();
    };
    weft::testing::run(main());
    EXPECT_EQ(log, lines{"g"});
}

TEST(async_generators_at_shutdown, asked_for_in_the_middle_it_ends_an_operation_in_flight) {
    const auto main = []() -> task<> {
        auto g = sleeps();
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        co_await weft::get_running_loop().shutdown_asyncgens();
        EXPECT_TRUE(g.done());
        EXPECT_EQ(co_await reader, undisturbed);
    };
    weft::testing::run(main());
}

TEST(async_generators_at_shutdown, asked_for_before_what_is_iterated_afterwards_is_closed_at_the_end) {
    lines log;
    auto a = cleans_up(log, "a"), b = cleans_up(log, "b");
    const auto main = [&]() -> task<> {
        co_await a.next();
        co_await weft::get_running_loop().shutdown_asyncgens();
        EXPECT_EQ(log, lines{"a"});
        co_await b.next();
    };
    weft::testing::run(main());
    EXPECT_EQ(log, (lines{"a", "b"}));
}

// Errors

TEST(async_generators_at_shutdown, an_error_is_reported_and_does_not_stop_the_others) {
    lines log;
    const auto fails = [](bool yields) -> async_generator<int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
            if (!yields) throw std::runtime_error("the disk is full");
        }
        co_yield 2;
    };
    auto a = fails(false), b = fails(true), c = cleans_up(log, "c");
    const auto main = [&]() -> task<> {
        report_to(log);
        co_await a.next();
        co_await b.next();
        co_await c.next();
    };
    weft::testing::run(main());
    const std::string message = "an error occurred during closing of an async generator: ";
    EXPECT_EQ(log, (lines{message + "std::runtime_error: the disk is full",
                          message + "weft::generator_ignored_exit: async generator ignored generator_exit", "c"}));
}

TEST(async_generators_at_shutdown, a_cancelled_await_in_one_clean_up_is_silent_and_does_not_stop_the_others) {
    lines log;
    const auto body = []() -> async_generator<int> {
        const auto helper = create_task(weft::sleep(1h));
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
        }
        co_await helper;  // which the shutdown has cancelled
    };
    auto a = body(), b = cleans_up(log, "b");
    const auto main = [&]() -> task<> {
        report_to(log);
        co_await a.next();
        co_await b.next();
    };
    EXPECT_NO_THROW(weft::testing::run(main()));
    EXPECT_TRUE(a.done());
    EXPECT_EQ(log, lines{"b"});
}

TEST(async_generators_at_shutdown, a_clean_up_that_cancels_its_own_task_fails_the_shutdown_and_the_loop_closes) {
    const auto body = []() -> async_generator<int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
        }
        weft::current_task_core().cancel();
        co_await weft::sleep(1h);
    };
    auto g = body();
    const auto main = [&]() -> task<> { co_await g.next(); };
    auto loop = weft::testing::make_virtual_loop();
    weft::event_loop& at = *loop;
    weft::runner r(std::move(loop), {.handle_sigint = false});
    r.run(main());
    EXPECT_THROW(r.close(), weft::cancelled_error);
    EXPECT_TRUE(at.is_closed());
    EXPECT_NO_THROW(r.close());
}

// Destroyed meanwhile

TEST(async_generators_at_shutdown, one_that_anothers_clean_up_destroys_is_not_closed) {
    for (const bool owner_first : {true, false}) {
        lines log;
        auto owned = std::make_unique<async_generator<int>>(cleans_up(log, "owned"));
        const auto body = [&]() -> async_generator<int> {
            try {
                co_yield 1;
            } catch (const weft::generator_exit&) {
            }
            owned.reset();
            co_await weft::sleep(1s);
            log.emplace_back("owner");
        };
        auto owner = body();
        const auto main = [&]() -> task<> {
            if (owner_first) co_await owner.next();
            co_await owned->next();
            if (!owner_first) co_await owner.next();
        };
        weft::testing::run(main());
        EXPECT_EQ(log, lines{"owner"});
    }
}

TEST(async_generators_at_shutdown, destroyed_before_it_is_not_closed) {
    lines log;
    const auto main = [&]() -> task<> {
        auto g = cleans_up(log, "g");
        co_await g.next();
    };
    weft::testing::run(main());
    EXPECT_EQ(log, lines());
}

TEST(async_generators_at_shutdown, it_may_outlive_a_loop_that_was_never_shut_down_and_go_on_in_another) {
    lines log;
    auto g = cleans_up(log, "g");
    const auto main = [&](int expected) -> task<> { EXPECT_EQ(co_await g.next(), expected); };
    auto loop = weft::testing::make_virtual_loop();
    loop->run_until_complete(main(0));
    loop.reset();
    EXPECT_EQ(g.state(), generator_state::suspended);
    loop = weft::testing::make_virtual_loop();
    loop->run_until_complete(main(1));
    const auto close = [&]() -> task<> { co_await g.close(); };
    loop->run_until_complete(close());
    EXPECT_EQ(log, lines{"g"});
}

}  // namespace
