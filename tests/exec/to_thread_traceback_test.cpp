// SPDX-License-Identifier: Apache-2.0
// Tracebacks through threads, by each of the ways there and back.
#include "exec/threads.hpp"
#include "tracebacks.hpp"

#include <weft/coro/format_exception.hpp>
#include <weft/coro/generator.hpp>
#include <weft/exec/call.hpp>
#include <weft/exec/run_coroutine_threadsafe.hpp>
#include <weft/exec/to_thread.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <string>

using namespace weft_test;

namespace {

weft::generator<int> breaks() {
    co_yield 1;
    raising("broken").await_resume();
}
int sum() {
    int all = 0;
    for (int i : breaks()) all += i;
    return all;
}
weft::task<> sums_elsewhere() { co_await weft::to_thread(sum); }

TEST(to_thread_traceback, leads_from_who_awaits_to_what_the_thread_ran) {
    EXPECT_EQ(outline(thrown_by([] { weft::run(sums_elsewhere()); })),
              "Traceback (most recent call last):\n"
              "  sums_elsewhere: weft::task<> sums_elsewhere() { co_await weft::to_thread(sum); }\n"
              "  sum: for (int i : breaks()) all += i;\n"
              "  breaks: co_yield 1;\n"
              "std::runtime_error: broken\n");
}

weft::task<int> fails() {
    co_await raising("no");
    co_return 1;
}
weft::task<int> works_there() { co_return co_await fails(); }
weft::task<> calls(weft::event_loop& other) { co_await weft::call(other, works_there); }

TEST(to_thread_traceback, leads_through_another_threads_loop) {
    other_loop other;
    EXPECT_EQ(outline(thrown_by([&] { weft::run(calls(*other)); })),
              "Traceback (most recent call last):\n"
              "  calls: weft::task<> calls(weft::event_loop& other) { co_await weft::call(other, works_there); }\n"
              "  works_there: weft::task<int> works_there() { co_return co_await fails(); }\n"
              "  fails: co_await raising(\"no\");\n"
              "std::runtime_error: no\n");
}

TEST(to_thread_traceback, comes_back_to_a_thread_without_a_loop) {
    other_loop other;
    auto result = weft::run_coroutine_threadsafe(works_there(), *other);
    const std::exception_ptr error = thrown_by([&] { result.get(); });
    // Its last owner is this thread: the count of its owners is in libstdc++, where the thread sanitizer does not see it.
    other.stop();
    EXPECT_EQ(outline(error), "Traceback (most recent call last):\n"
                              "  works_there: weft::task<int> works_there() { co_return co_await fails(); }\n"
                              "  fails: co_await raising(\"no\");\n"
                              "std::runtime_error: no\n");
}

}  // namespace
