// SPDX-License-Identifier: Apache-2.0
#include "tracebacks.hpp"

#include <weft/base/errors.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/coro/format_exception.hpp>
#include <weft/coro/generator.hpp>
#include <weft/coro/task.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <coroutine>
#include <cstdio>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace weft_test;

namespace {

weft::task<> innermost() { co_await raising("no"); }
weft::task<int> middle() {
    co_await innermost();
    co_return 1;
}
weft::task<> outermost() { (void)co_await middle(); }

TEST(format_exception, a_traceback_is_pythons_with_the_oldest_call_first) {
    const auto error = thrown_by([] { outermost().step(); });
    EXPECT_EQ(outline(error), "Traceback (most recent call last):\n"
                              "  outermost: weft::task<> outermost() { (void)co_await middle(); }\n"
                              "  middle: co_await innermost();\n"
                              "  innermost: weft::task<> innermost() { co_await raising(\"no\"); }\n"
                              "std::runtime_error: no\n");
}

TEST(format_exception, a_frame_is_file_line_function_and_source) {
    constexpr auto line = std::source_location::current().line() + 1;
    const auto fails = []() -> weft::task<> { co_await raising("no"); };
    const auto error = thrown_by([&] { fails().step(); });
    const std::string function = weft::to_stack_frame(std::source_location::current()).function;
    EXPECT_EQ(weft::format_exception(error),
              "Traceback (most recent call last):\n"
              "  File \"" __FILE__ "\", line " +
                  std::to_string(line) + ", in " + function +
                  "\n"
                  "    const auto fails = []() -> weft::task<> { co_await raising(\"no\"); };\n"
                  "std::runtime_error: no\n");
}

TEST(format_exception, what_came_out_of_no_coroutine_is_one_line) {
    EXPECT_EQ(weft::format_exception(std::make_exception_ptr(std::runtime_error("no"))), "std::runtime_error: no\n");
    EXPECT_EQ(weft::format_exception(std::make_exception_ptr(std::runtime_error(""))), "std::runtime_error\n");
    EXPECT_EQ(weft::format_exception(std::make_exception_ptr(weft::cancelled_error())), "weft::cancelled_error\n");
    EXPECT_EQ(weft::format_exception(std::make_exception_ptr(1)), "int\n");
    EXPECT_EQ(weft::format_exception(nullptr), "no exception\n");
}

TEST(format_exception, a_coroutine_that_catches_and_throws_again_is_one_frame_of_the_same_path) {
    const auto passes = []() -> weft::task<> {
        try {
            co_await innermost();
        } catch (...) {
            throw;
        }
    };
    EXPECT_EQ(weft::traceback_of(thrown_by([&] { passes().step(); })).size(), 2);
}

TEST(format_exception, an_exception_that_is_caught_leaves_nothing_to_the_next_one) {
    const auto retries = []() -> weft::task<> {
        for (int i = 0; i < 3; ++i) {
            try {
                co_await outermost();
            } catch (const std::runtime_error&) {
            }
        }
        co_await innermost();
    };
    EXPECT_EQ(weft::traceback_of(thrown_by([&] { retries().step(); })).size(), 2);
}

// Recursion

weft::task<> countdown(int n) {
    if (n == 0) co_await raising("zero");
    if (n > 0) co_await countdown(n - 1);
}
weft::task<> pong(int n);
weft::task<> ping(int n) {
    if (n == 0) co_await raising("zero");
    if (n > 0) co_await pong(n - 1);
}
weft::task<> pong(int n) { co_await ping(n); }

TEST(format_exception, recursion_is_folded_as_python_does) {
    EXPECT_EQ(outline(thrown_by([] { countdown(1000).step(); })),
              "Traceback (most recent call last):\n"
              "  countdown: if (n > 0) co_await countdown(n - 1);\n"
              "  countdown: if (n > 0) co_await countdown(n - 1);\n"
              "  countdown: if (n > 0) co_await countdown(n - 1);\n"
              "  [Previous line repeated 997 more times]\n"
              "  countdown: if (n == 0) co_await raising(\"zero\");\n"
              "std::runtime_error: zero\n");
    EXPECT_NE(outline(thrown_by([] { countdown(4).step(); })).find("repeated 1 more time]"), std::string::npos);
    EXPECT_EQ(outline(thrown_by([] { countdown(3).step(); })).find("repeated"), std::string::npos);
}

TEST(format_exception, of_a_hundred_thousand_awaits_both_ends_are_told) {
    const auto began = std::chrono::steady_clock::now();
    const auto error = thrown_by([] { ping(50'000).step(); });
    const auto frames = weft::traceback_of(error);
    EXPECT_LT(frames.size(), 200);
    std::size_t all = 0;
    for (const weft::traced_frame& f : frames) all += f.times + f.left_out;
    EXPECT_EQ(all, 100'001);
    EXPECT_EQ(frames.front().function, "ping");
    EXPECT_EQ(frames.back().function, "ping");
    const std::string text = outline(error);
    EXPECT_LT(text.size(), 20'000);
    EXPECT_NE(text.find("  [99873 frames left out]\n"), std::string::npos) << text;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

// Generators: no loop is needed

weft::generator<int> fails_at(int n) {
    for (int i = 0;; ++i) {
        if (i == n) raising("enough").await_resume();
        co_yield i;
    }
}
weft::generator<int> delegates(int n) { co_yield weft::from(fails_at(n)); }

void uses(weft::generator<int> g) {
    while (g.next()) {
    }
}
void iterates(weft::generator<int> g) {
    for (int i : g) (void)i;
}

TEST(format_exception, a_generator_is_told_with_the_call_that_asked_it) {
    EXPECT_EQ(outline(thrown_by([] { uses(fails_at(2)); })), "Traceback (most recent call last):\n"
                                                             "  uses: while (g.next()) {\n"
                                                             "  fails_at: co_yield i;\n"
                                                             "std::runtime_error: enough\n");
    EXPECT_EQ(outline(thrown_by([] { iterates(fails_at(2)); })), "Traceback (most recent call last):\n"
                                                                 "  iterates: for (int i : g) (void)i;\n"
                                                                 "  fails_at: co_yield i;\n"
                                                                 "std::runtime_error: enough\n");
}

TEST(format_exception, delegation_is_told_from_the_outside) {
    EXPECT_EQ(outline(thrown_by([] { uses(delegates(2)); })),
              "Traceback (most recent call last):\n"
              "  uses: while (g.next()) {\n"
              "  delegates: weft::generator<int> delegates(int n) { co_yield weft::from(fails_at(n)); }\n"
              "  fails_at: co_yield i;\n"
              "std::runtime_error: enough\n");
}

TEST(format_exception, an_exception_raised_in_a_generator_comes_back_through_it) {
    const auto raises = [](weft::generator<int> g) {
        g.next();
        g.raise(std::logic_error("raised"));
    };
    const auto frames = weft::traceback_of(thrown_by([&] { raises(fails_at(2)); }));
    ASSERT_EQ(frames.size(), 2);
    EXPECT_EQ(frames.back().function, "fails_at");
}

TEST(format_exception, a_task_that_asks_a_generator_stands_where_it_asks) {
    const auto asks = []() -> weft::task<> {
        co_await std::suspend_never();
        auto g = fails_at(0);
        g.next();
    };
    const auto frames = weft::traceback_of(thrown_by([&] { asks().step(); }));
    ASSERT_EQ(frames.size(), 2);
    EXPECT_EQ(weft::format_exception(thrown_by([&] { asks().step(); })).find("suspend_never"), std::string::npos);
}

weft::async_generator<int> async_fails_at(int n) {
    for (int i = 0; i < n; ++i) co_yield i;
    co_await innermost();
}
weft::task<> reads(weft::async_generator<int> g) {
    while (co_await g.next()) {
    }
}

TEST(format_exception, an_async_generator_is_a_frame_between_who_awaits_it_and_what_it_awaits) {
    EXPECT_EQ(outline(thrown_by([] { reads(async_fails_at(2)).step(); })),
              "Traceback (most recent call last):\n"
              "  reads: while (co_await g.next()) {\n"
              "  async_fails_at: co_await innermost();\n"
              "  innermost: weft::task<> innermost() { co_await raising(\"no\"); }\n"
              "std::runtime_error: no\n");
}

TEST(format_exception, to_print_is_to_write_it_to_stderr) {
    testing::internal::CaptureStderr();
    weft::print_exception(std::make_exception_ptr(std::runtime_error("no")));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "std::runtime_error: no\n");
}

// The last one here: nothing leads back from another file's lines.
TEST(format_exception, where_a_file_is_not_found_there_is_no_source) {
#line 7 "not/there.cpp"
    const auto fails = []() -> weft::task<> { co_await raising("no"); };
    const auto error = thrown_by([&] { fails().step(); });
    const std::string text = weft::format_exception(error);
    EXPECT_TRUE(text.starts_with("Traceback (most recent call last):\n  File \"not/there.cpp\", line 7, in ")) << text;
    EXPECT_TRUE(text.ends_with("TestBody\nstd::runtime_error: no\n")) << text;
}

}  // namespace
