// SPDX-License-Identifier: Apache-2.0
// What is said on stderr, with tracebacks, where no exception handler is set and nobody catches.
#include "tracebacks.hpp"

#include <weft/coro/task.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <exception>
#include <stdexcept>
#include <string>

using namespace weft_test;

namespace {

weft::task<> fails() { co_await raising("no"); }
weft::task<> works() { co_await fails(); }

template <class F>
std::string said_by(F f) {
    testing::internal::CaptureStderr();
    f();
    return testing::internal::GetCapturedStderr();
}

weft::task<> forgets() {
    weft::spawn(works());
    co_await weft::yield_now();
}

TEST(event_loop_reports, a_task_that_nobody_awaited_is_told_with_the_path_of_its_error) {
    const std::string said = outline(said_by([] { weft::testing::run(forgets()); }));
    EXPECT_TRUE(said.starts_with("weft: Task exception was never retrieved (Task-2)\n"
                                 "Traceback (most recent call last):\n"
                                 "  works: weft::task<> works() { co_await fails(); }\n"
                                 "  fails: weft::task<> fails() { co_await raising(\"no\"); }\n"
                                 "std::runtime_error: no\n"
                                 "The task was created at:\n"))
        << said;
    EXPECT_NE(said.find("  forgets"), std::string::npos) << said;
}

weft::task<> awaits(weft::task_handle<> h) {
    try {
        co_await h;
    } catch (const std::runtime_error&) {
    }
}
weft::task<> lets_it_pass(weft::task_handle<> h) { co_await h; }

TEST(event_loop_reports, the_path_is_that_of_the_task_whoever_else_awaited_what_it_awaited) {
    const auto main = []() -> weft::task<> {
        const auto failing = weft::create_task(works());
        weft::spawn(lets_it_pass(failing));
        co_await weft::yield_now();
        co_await awaits(failing);
    };
    const std::string said = outline(said_by([&] { weft::testing::run(main()); }));
    EXPECT_NE(said.find("  lets_it_pass: weft::task<> lets_it_pass(weft::task_handle<> h) { co_await h; }\n  works: "),
              std::string::npos)
        << said;
    EXPECT_EQ(said.find("  awaits: "), std::string::npos) << said;
}

TEST(event_loop_reports, an_error_without_a_path_stays_on_the_line) {
    const auto loop = weft::testing::make_virtual_loop();
    EXPECT_EQ(said_by([&] {
                  loop->call_exception_handler(
                      {.message = "it broke", .exception = std::make_exception_ptr(std::runtime_error("no"))});
              }),
              "weft: it broke: std::runtime_error: no\n");
    EXPECT_EQ(said_by([&] { loop->call_exception_handler({.message = "it broke"}); }), "weft: it broke\n");
}

[[noreturn]] void nobody_catches() {
    const auto main_program = []() noexcept { weft::run(works()); };
    main_program();
    std::abort();
}

TEST(event_loop_reports, an_exception_that_leaves_run_and_the_program_is_told_with_its_path) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_EXIT(nobody_catches(), testing::KilledBySignal(SIGABRT),
                "Traceback \\(most recent call last\\):\n"
                "  File \".*\", line [0-9]+, in works\n"
                ".*\n"
                "  File \".*\", line [0-9]+, in fails\n"
                ".*\n"
                "std::runtime_error: no\n");
}

}  // namespace
