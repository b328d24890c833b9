// SPDX-License-Identifier: Apache-2.0
#include <weft/inspect/capture_stack.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

using weft::task;

std::uint32_t line_of_sleep = 0, line_of_await = 0;

task<> inner() {
    line_of_sleep = std::source_location::current().line() + 1;
    co_await weft::sleep(1h);
}
task<int> outer() {
    line_of_await = std::source_location::current().line() + 1;
    co_await inner();
    co_return 1;
}

std::vector<std::string> functions(const std::vector<weft::stack_frame>& frames) {
    std::vector<std::string> names;
    for (const auto& f : frames) names.push_back(f.function);
    return names;
}

using names = std::vector<std::string>;

TEST(capture_stack, of_a_task_goes_from_its_coroutine_to_the_innermost) {
    weft::testing::run([]() -> task<> {
        const auto t = weft::create_task(outer());
        co_await weft::yield_now();
        const auto frames = weft::capture_stack(t);
        const names expected{"outer", "inner"};
        EXPECT_EQ(functions(frames), expected);
        EXPECT_EQ(frames[0].line, line_of_await);
        EXPECT_EQ(frames[1].line, line_of_sleep);
        EXPECT_TRUE(frames[1].file.ends_with("capture_stack_test.cpp")) << frames[1].file;
        t.cancel();
    }());
}

TEST(capture_stack, is_the_same_of_a_handle_a_future_and_any_task) {
    weft::testing::run([]() -> task<> {
        const auto t = weft::create_task(outer());
        co_await weft::yield_now();
        const names expected{"outer", "inner"};
        const weft::future<int>& as_future = t;
        EXPECT_EQ(functions(weft::capture_stack(as_future)), expected);
        EXPECT_EQ(functions(weft::capture_stack(weft::any_task(t))), expected);
        EXPECT_EQ(functions(t.stack()), expected);
        t.cancel();
    }());
}

TEST(capture_stack, of_a_task_that_has_not_begun_is_its_first_line) {
    weft::testing::run([]() -> task<> {
        const auto t = weft::create_task(outer());
        EXPECT_EQ(functions(weft::capture_stack(t)), names{"outer"});
        t.cancel();
        co_return;
    }());
}

TEST(capture_stack, of_what_is_done_and_of_a_bare_future_is_empty) {
    weft::testing::run([]() -> task<> {
        const auto t = weft::create_task([]() -> task<> { co_return; });
        co_await t;
        EXPECT_TRUE(weft::capture_stack(t).empty());
        EXPECT_TRUE(weft::capture_stack(weft::future<int>()).empty());
    }());
}

std::vector<weft::stack_frame> asks_for_its_caller() { return weft::capture_stack(); }

task<> asks(std::vector<weft::stack_frame>& here, std::vector<weft::stack_frame>& below, std::uint32_t& line) {
    co_await weft::yield_now();
    line = std::source_location::current().line() + 1;
    here = weft::capture_stack();
    below = asks_for_its_caller();
}

task<> awaits_who_asks(std::vector<weft::stack_frame>& here, std::vector<weft::stack_frame>& below,
                       std::uint32_t& line) {
    co_await asks(here, below, line);
}

TEST(capture_stack, of_the_present_task_ends_with_the_call) {
    std::vector<weft::stack_frame> here, below;
    std::uint32_t line = 0;
    weft::testing::run(awaits_who_asks(here, below, line));
    const names expected{"awaits_who_asks", "asks"};
    EXPECT_EQ(functions(here), expected);
    EXPECT_EQ(here.back().line, line) << "not the await before it";
}

TEST(capture_stack, of_the_present_task_shows_a_function_that_it_has_called) {
    std::vector<weft::stack_frame> here, below;
    std::uint32_t line = 0;
    weft::testing::run(awaits_who_asks(here, below, line));
    const names expected{"awaits_who_asks", "asks", "asks_for_its_caller"};
    EXPECT_EQ(functions(below), expected);
}

TEST(capture_stack, without_a_task_there_is_none) {
    EXPECT_THROW(weft::capture_stack(), weft::no_running_loop_error);
    weft::event_loop loop;
    bool was_refused = false;
    loop.call_soon([&] {
        try {
            (void)weft::capture_stack();
        } catch (const weft::no_running_loop_error&) {
            was_refused = true;
        }
    });
    loop.run_once();
    EXPECT_TRUE(was_refused);
}

}  // namespace
