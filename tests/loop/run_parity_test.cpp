// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/coro/async_generator.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/loop/context_var.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

using namespace std::chrono_literals;

// What CPython's test_runners asserts and run_test.cpp does not; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;

weft::runner virtual_runner() { return weft::runner(weft::testing::make_virtual_loop(), {.handle_sigint = false}); }

// test_asyncio_run_cancels_hanging_tasks
TEST(run_parity, the_tasks_that_are_left_are_done_when_it_returns) {
    std::optional<weft::task_handle<int>> left;
    const auto main = [&]() -> task<int> {
        left = weft::create_task(number_after(100ms, 1));
        co_return 123;
    };
    EXPECT_EQ(weft::testing::run(main()), 123);
    EXPECT_TRUE(left->done());
    EXPECT_TRUE(left->cancelled());
}

// test_asyncio_run_reports_hanging_tasks_errors: a task that has not started has nothing to report
TEST(run_parity, an_error_of_a_task_that_is_left_is_reported) {
    std::string reports;
    std::optional<weft::task_handle<>> left;
    const auto main = [&]() -> task<int> {
        weft::get_running_loop().set_exception_handler([&](weft::event_loop&, const weft::error_context& c) {
            reports += c.message + " (" + c.task + "): " + weft::describe_exception(c.exception);
        });
        left = weft::create_task(crashes_when_cancelled(), {.name = "left"});
        co_await weft::yield_now();
        co_return 123;
    };
    EXPECT_EQ(weft::testing::run(main()), 123);
    EXPECT_TRUE(left->done());
    EXPECT_EQ(reports, "unhandled exception during run() shutdown (left): parity::crash: crash");
}

// test_asyncio_run_closes_gens_after_hanging_tasks_errors
TEST(run_parity, async_generators_are_closed_after_the_tasks_that_are_left_and_mains_error_leaves) {
    std::string reports;
    bool closed = false;
    std::optional<weft::async_generator<int>> kept;
    std::optional<weft::task_handle<>> left;
    const auto fidget = [&]() -> weft::async_generator<int> {
        struct at_the_end {
            bool& closed;
            ~at_the_end() { closed = true; }
        } const end{closed};
        for (;;) {
            co_yield 1;
            co_await weft::sleep(1s);
        }
    };
    const auto spin = [&]() -> task<> {
        kept = fidget();
        try {
            while (co_await kept->next()) {
            }
        } catch (const weft::cancelled_error&) {
            throw crash();
        }
    };
    const auto main = [&]() -> task<> {
        weft::get_running_loop().set_exception_handler(
            [&](weft::event_loop&, const weft::error_context& c) { reports += c.message; });
        left = weft::create_task(spin());
        co_await weft::yield_now();
        throw other_crash();
    };
    EXPECT_THROW(weft::testing::run(main()), other_crash);
    EXPECT_TRUE(left->done());
    EXPECT_TRUE(closed);
    EXPECT_EQ(reports, "unhandled exception during run() shutdown");
}

// test_asyncio_run_loop_factory, RunnerTests.test_custom_factory, test_set_event_loop_called_once
TEST(run_parity, a_runner_runs_on_the_loop_it_is_given) {
    auto loop = weft::testing::make_virtual_loop();
    weft::event_loop* const given = loop.get();
    weft::runner r(std::move(loop), {.handle_sigint = false});
    EXPECT_EQ(&r.get_loop(), given);
    const auto main = [&]() -> task<weft::event_loop*> { co_return &weft::get_running_loop(); };
    EXPECT_EQ(r.run(main()), given);
    EXPECT_EQ(r.run(main()), given);
}

// RunnerTests.test_debug, test_non_debug
TEST(run_parity, a_runner_takes_the_debug_mode_from_its_options) {
    EXPECT_TRUE(weft::runner({.debug = true}).get_loop().get_debug());
    EXPECT_FALSE(weft::runner({.debug = false}).get_loop().get_debug());
}

// test_asyncio_run_debug, GatherTestsBase.test_env_var_debug (test_tasks)
TEST(run_parity, the_environment_turns_the_debug_mode_on_unless_the_options_say_otherwise) {
    const char* const before = std::getenv("WEFT_DEBUG");
    const std::string kept = before ? before : "";
    for (const auto& [value, on] : {std::pair{"1", true}, std::pair{"", false}, std::pair{"0", false}}) {
        ::setenv("WEFT_DEBUG", value, 1);
        EXPECT_EQ(weft::runner().get_loop().get_debug(), on) << value;
        EXPECT_FALSE(weft::runner({.debug = false}).get_loop().get_debug());
        EXPECT_TRUE(weft::runner({.debug = true}).get_loop().get_debug());
    }
    ::setenv("WEFT_DEBUG", kept.c_str(), 1);
}

// RunnerTests.test_run, test_explicit_close, test_double_close, test_second_with_block_raises
TEST(run_parity, a_closed_runner_has_no_loop_any_more) {
    weft::runner r = virtual_runner();
    EXPECT_EQ(r.run(number_after(0s, 42)), 42);
    r.close();
    EXPECT_THROW((void)r.get_loop(), weft::invalid_state_error);
    r.close();
    EXPECT_THROW((void)r.get_loop(), weft::invalid_state_error);
    EXPECT_THROW(r.run(number_after(0s, 42)), weft::invalid_state_error);
}

// RunnerTests.test_run_keeps_context
TEST(run_parity, the_runs_of_a_runner_share_a_context) {
    const weft::context_var<int> number(-1);
    const auto sets = [&](int i) -> task<int> {
        const int old = number.get();
        co_await weft::yield_now();
        std::ignore = number.set(i);
        co_return old;
    };
    const auto context = []() -> task<weft::context> { co_return weft::copy_context(); };
    weft::runner r = virtual_runner();
    EXPECT_EQ(r.run(sets(1)), -1);
    EXPECT_EQ(r.run(sets(2)), 1);
    EXPECT_EQ(weft::run_in(r.run(context()), [&] { return number.get(); }), 2);
    weft::runner another = virtual_runner();
    EXPECT_EQ(another.run(sets(3)), -1);
}

// RunnerTests.test_recursive_run
TEST(run_parity, a_runner_does_not_run_within_itself) {
    weft::runner r = virtual_runner();
    const auto main = [&]() -> task<> {
        (void)r.run(number_after(0s, 1));
        co_return;
    };
    EXPECT_THROW(r.run(main()), weft::invalid_state_error);
    EXPECT_EQ(r.run(number_after(0s, 1)), 1);
}

// SIGINT, on the real clock: a signal comes from outside

// RunnerTests.test_interrupt_call_soon
TEST(run_parity, sigint_reaches_a_task_that_only_yields) {
    bool cancelled = false;
    const auto main = [&]() -> task<> {
        ::raise(SIGINT);
        try {
            for (;;) co_await weft::yield_now();
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        throw weft::cancelled_error();
    };
    weft::runner r;
    EXPECT_THROW(r.run(main()), weft::keyboard_interrupt);
    EXPECT_TRUE(cancelled);
}

// RunnerTests.test_interrupt_wait
TEST(run_parity, sigint_cancels_the_future_that_main_awaits) {
    weft::runner r;
    const weft::future<> f(r.get_loop());
    const auto main = [&]() -> task<> {
        ::raise(SIGINT);
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(f));
        throw weft::cancelled_error();
    };
    EXPECT_THROW(r.run(main()), weft::keyboard_interrupt);
    EXPECT_TRUE(f.cancelled());
}

// RunnerTests.test_interrupt_cancelled_task, test_asyncio_run_without_uncancel
TEST(run_parity, sigint_beside_another_cancellation_is_no_keyboard_interrupt) {
    const auto main = []() -> task<> {
        const auto cancels = [](weft::any_task t) -> task<> {
            co_await weft::yield_now();
            t.cancel();
            ::raise(SIGINT);
        };
        const auto h = weft::create_task(cancels(weft::current_task()));
        co_await weft::sleep(10s);
    };
    weft::runner r;
    try {
        r.run(main());
        FAIL();
    } catch (const weft::keyboard_interrupt&) {
        FAIL();
    } catch (const weft::cancelled_error&) {
    }
}

}  // namespace
