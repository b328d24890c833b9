// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/async_generator.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/future.hpp>
#include <weft/loop/run.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// What CPython's test_asyncgen asserts under a loop; docs/parity-generators.md lists all of it.

namespace {

using weft::async_generator;
using weft::task;
using numbers = std::vector<int>;

task<numbers> all_of(async_generator<int> g) {
    numbers all;
    while (auto element = co_await g.next()) all.push_back(*element);
    co_return all;
}

// Bodies that sleep

TEST(event_loop_async_generators_parity, a_body_may_sleep_between_elements_and_then_end_or_fail) {
    const auto body = [](bool fails) -> async_generator<int> {
        co_yield 1;
        co_await weft::sleep(1s);
        co_yield 2;
        co_await weft::sleep(1s);
        if (fails) throw std::runtime_error("a division by zero, say");
    };
    const auto main = [&]() -> task<> {
        EXPECT_EQ(co_await all_of(body(false)), (numbers{1, 2}));
        EXPECT_THROW(co_await all_of(body(true)), std::runtime_error);
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators_parity, clean_up_may_await_a_task_that_failed_and_catch_that) {
    bool caught = false;
    const auto fails = []() -> task<> {
        co_await weft::sleep(1s);
        throw std::domain_error("a division by zero, say");
    };
    const auto body = [&](bool& c) -> async_generator<int> {
        const auto failing = weft::create_task(fails());
        std::exception_ptr exit;
        try {
            co_yield 1;
        } catch (...) {
            exit = std::current_exception();
        }
        try {
            co_await failing;
        } catch (const std::domain_error&) {
            c = true;
        }
        if (exit) std::rethrow_exception(exit);
    };
    const auto main = [&]() -> task<> {
        auto g = body(caught);
        co_await g.next();
        co_await g.close();
        EXPECT_TRUE(caught);
    };
    weft::testing::run(main());
}

/// Awaits a future that is cancelled meanwhile: by next() or, in a handler left, after a raise(). Its clean-up awaits.
async_generator<int> awaits_what_is_cancelled(bool& clean) {
    std::exception_ptr error;
    try {
        co_await weft::sleep(1s);
        try {
            co_yield 1;
        } catch (const std::domain_error&) {
        }
        const weft::future<> never;
        weft::get_running_loop().call_later(500ms, [never] { never.cancel(); });
        co_await never;
        ADD_FAILURE() << "it was not cancelled";
    } catch (...) {
        error = std::current_exception();
    }
    co_await weft::sleep(1s);
    co_await weft::sleep(1s);
    clean = true;
    if (error) std::rethrow_exception(error);
}

TEST(event_loop_async_generators_parity, a_cancelled_await_of_the_body_comes_out_when_it_has_cleaned_up) {
    const auto main = [](bool by_raise) -> task<> {
        bool clean = false;
        auto g = awaits_what_is_cancelled(clean);
        EXPECT_EQ(co_await g.next(), 1);
        if (by_raise) {
            EXPECT_THROW(co_await g.raise(std::domain_error("")), weft::cancelled_error);
        } else {
            EXPECT_THROW(co_await g.next(), weft::cancelled_error);
        }
        EXPECT_TRUE(clean);
        EXPECT_TRUE(g.done());
        co_await weft::sleep(1s);  // the one that iterates was not cancelled itself
    };
    weft::testing::run(main(false));
    weft::testing::run(main(true));
}

TEST(event_loop_async_generators_parity, cancelled_while_the_body_waits_the_exception_may_be_answered_by_an_end) {
    const auto body = [](bool ends) -> async_generator<std::string> {
        bool cancelled = false;
        try {
            co_await weft::sleep(1h);
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        if (cancelled && ends) co_return;
        co_yield "answered";
    };
    const auto iterate = [&](bool ends) -> task<std::string> {
        auto g = body(ends);
        co_return (co_await g.next()).value_or("default");
    };
    const auto main = [&](bool ends) -> task<std::string> {
        const auto h = weft::create_task(iterate(ends));
        co_await weft::sleep(1s);
        h.cancel();
        co_return co_await h;
    };
    EXPECT_EQ(weft::testing::run(main(true)), "default");
    EXPECT_EQ(weft::testing::run(main(false)), "answered");
}

// What is left half-way

async_generator<int> cleans_up(int& cleaned, weft::clock::duration first) {
    std::exception_ptr error;
    try {
        co_await weft::sleep(first);
        for (;;) co_yield 1;
    } catch (...) {
        error = std::current_exception();
    }
    co_await weft::sleep(1s);
    ++cleaned;
    std::rethrow_exception(error);
}

TEST(event_loop_async_generators_parity, tasks_cancelled_in_their_iteration_have_let_it_clean_up) {
    int cleaned = 0;
    const auto main = [&]() -> task<> {
        const auto wait = [&]() -> task<> { co_await all_of(cleans_up(cleaned, 1h)); };
        const auto a = weft::create_task(wait()), b = weft::create_task(wait());
        co_await weft::sleep(1s);
        a.cancel();
        b.cancel();
        EXPECT_THROW(co_await a, weft::cancelled_error);
        EXPECT_THROW(co_await b, weft::cancelled_error);
        co_await weft::get_running_loop().shutdown_asyncgens();
        EXPECT_EQ(cleaned, 2);
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators_parity, destroyed_half_way_it_does_not_await_its_clean_up) {
    int cleaned = 0;
    const auto main = [&]() -> task<> {
        {
            auto g = cleans_up(cleaned, 1s);
            co_await g.next();
            co_await g.next();
        }
        co_await weft::sleep(1h);
    };
    weft::testing::run(main());
    EXPECT_EQ(cleaned, 0) << "CPython's loop would have closed it: write with(closing(g), …)";
}

/// What the exception handler hears while `g` is asked for one element and then left to the shutdown of the loop.
std::vector<std::string> reports_of(async_generator<int>& g) {
    std::vector<std::string> reports;
    const auto main = [&]() -> task<> {
        weft::get_running_loop().set_exception_handler([&](weft::event_loop&, const weft::error_context& c) {
            reports.push_back(c.message + ": " + weft::describe_exception(c.exception));
        });
        co_await g.next();
    };
    weft::testing::run(main());
    return reports;
}
async_generator<int> plain() {
    co_yield 1;
    co_yield 2;
}
async_generator<int> fails_when_closed() {
    try {
        co_yield 1;
        co_yield 2;
    } catch (const weft::generator_exit&) {
        throw std::domain_error("a division by zero, say");
    }
}

TEST(event_loop_async_generators_parity, one_that_is_left_is_closed_at_shutdown_in_silence) {
    auto g = plain();
    EXPECT_EQ(reports_of(g), std::vector<std::string>());
    EXPECT_TRUE(g.done());
    const auto main = []() -> task<> {
        auto local = plain();
        co_await local.next();
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators_parity, an_error_while_it_is_closed_at_shutdown_is_reported) {
    auto g = fails_when_closed();
    EXPECT_EQ(reports_of(g), std::vector<std::string>{"an error occurred during closing of an async generator: "
                                                      "std::domain_error: a division by zero, say"});
    EXPECT_TRUE(g.done());
}

TEST(event_loop_async_generators_parity, close_as_a_task_of_its_own_has_a_stack) {
    const auto main = []() -> task<> {
        auto g = plain();
        const auto h = weft::create_task(g.close());
        EXPECT_FALSE(h.stack().empty());
        co_await h;
        EXPECT_TRUE(g.done());
    };
    weft::testing::run(main());
}

}  // namespace
