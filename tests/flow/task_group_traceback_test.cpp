// SPDX-License-Identifier: Apache-2.0
#include "tracebacks.hpp"

#include <weft/coro/format_exception.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/task_group.hpp>
#include <weft/flow/with.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

weft::task<> fails(const char* what) { co_await raising(what); }
weft::task<> indirectly(const char* what) {
    co_await weft::sleep(1s);
    co_await fails(what);
}
weft::task<> fills(weft::task_group& g) {
    g.create_task(indirectly("tea"));
    g.create_task(indirectly("milk"));
    co_return;
}
weft::task<> orders() { co_await weft::with(weft::task_group(), fills); }

TEST(task_group_traceback, is_a_tree_in_which_each_error_has_its_path) {
    EXPECT_EQ(outline(thrown_by([] { weft::testing::run(orders()); })),
              "  + Exception Group Traceback (most recent call last):\n"
              "  |   orders: weft::task<> orders() { co_await weft::with(weft::task_group(), fills); }\n"
              "  | weft::exception_group: unhandled errors in a task group (2 sub-exceptions)\n"
              "  +-+---------------- 1 ----------------\n"
              "    | Traceback (most recent call last):\n"
              "    |   indirectly: co_await fails(what);\n"
              "    |   fails: weft::task<> fails(const char* what) { co_await raising(what); }\n"
              "    | std::runtime_error: tea\n"
              "    +---------------- 2 ----------------\n"
              "    | Traceback (most recent call last):\n"
              "    |   indirectly: co_await fails(what);\n"
              "    |   fails: weft::task<> fails(const char* what) { co_await raising(what); }\n"
              "    | std::runtime_error: milk\n"
              "    +------------------------------------\n");
}

}  // namespace
