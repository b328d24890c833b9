// SPDX-License-Identifier: Apache-2.0
// The public header alone, and one path through everything that there is. What each part does, its own tests show:
// tests/coro/format_exception_test.cpp and tests/*/*_traceback_test.cpp.
#include "tracebacks.hpp"

#include <weft/coro/async_generator.hpp>
#include <weft/coro/generator.hpp>
#include <weft/exec/to_thread.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/task_group.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/flow/with.hpp>
#include <weft/inspect/format_exception.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <string>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

weft::generator<int> numbers() {
    co_yield 1;
    raising("no more").await_resume();
}
int count() {
    int n = 0;
    for (int i : numbers()) n += i;
    return n;
}
weft::async_generator<int> counts() { co_yield co_await weft::to_thread(count); }
weft::task<int> first() {
    auto g = counts();
    co_return *co_await g.next();
}
weft::task<> gathers() { co_await weft::gather(first()); }
weft::task<> in_time() { co_await weft::with(weft::timeout(60s), gathers); }
weft::task<> fills(weft::task_group& g) {
    g.create_task(in_time());
    co_return;
}
weft::task<> everything() { co_await weft::with(weft::task_group(), fills); }

TEST(format_exception, leads_through_groups_timeouts_gathers_generators_and_threads) {
    EXPECT_EQ(outline(thrown_by([] { weft::testing::run(everything()); })),
              "  + Exception Group Traceback (most recent call last):\n"
              "  |   everything: weft::task<> everything() { co_await weft::with(weft::task_group(), fills); }\n"
              "  | weft::exception_group: unhandled errors in a task group (1 sub-exception)\n"
              "  +-+---------------- 1 ----------------\n"
              "    | Traceback (most recent call last):\n"
              "    |   in_time: weft::task<> in_time() { co_await weft::with(weft::timeout(60s), gathers); }\n"
              "    |   gathers: weft::task<> gathers() { co_await weft::gather(first()); }\n"
              "    |   first: co_return *co_await g.next();\n"
              "    |   counts: weft::async_generator<int> counts() { co_yield co_await weft::to_thread(count); }\n"
              "    |   count: for (int i : numbers()) n += i;\n"
              "    |   numbers: co_yield 1;\n"
              "    | std::runtime_error: no more\n"
              "    +------------------------------------\n");
}

}  // namespace
