// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/wait.hpp>
#include <weft/loop/any_task.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

using namespace std::chrono_literals;
using testing::Contains;
using testing::Not;

// What CPython's test_tasks asserts of current_task and all_tasks; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::any_task;
using weft::create_task;
using weft::current_task;
using weft::future;

// test_current_task, BaseCurrentLoopTests.test_current_task_with_implicit_loop, test_current_task_no_running_loop_implicit;
// differs from test_current_task_no_running_loop: asyncio gives None for a loop that does not run
TEST(any_task_parity, the_current_one_is_the_task_that_asks_and_outside_of_tasks_there_is_none) {
    EXPECT_THROW((void)current_task(), weft::no_running_loop_error);
    run_in_every_order([]() -> task<> {
        std::optional<any_task> seen;
        const auto body = [&]() -> task<> {
            seen = current_task();
            co_return;
        };
        const auto h = create_task(body());
        co_await h;
        EXPECT_EQ(seen, any_task(h));
        bool none = false;
        weft::get_running_loop().call_soon([&] {
            try {
                (void)current_task();
            } catch (const weft::no_running_loop_error&) {
                none = true;
            }
        });
        co_await weft::sleep(1ms);
        EXPECT_TRUE(none);
    });
    EXPECT_THROW((void)current_task(), weft::no_running_loop_error);
}

// test_current_task_with_interleaving_tasks
TEST(any_task_parity, the_current_one_is_right_in_tasks_that_take_turns) {
    run_in_every_order([]() -> task<> {
        const future<> one, two;
        std::optional<weft::task_handle<>> a, b;
        const auto first = [&]() -> task<> {
            EXPECT_EQ(current_task(), any_task(*a));
            co_await one;
            EXPECT_EQ(current_task(), any_task(*a));
            two.set_result();
        };
        const auto second = [&]() -> task<> {
            EXPECT_EQ(current_task(), any_task(*b));
            one.set_result();
            co_await two;
            EXPECT_EQ(current_task(), any_task(*b));
        };
        a = create_task(first());
        b = create_task(second());
        co_await weft::wait({*a, *b});
        EXPECT_EQ(a->exception(), nullptr);
        EXPECT_EQ(b->exception(), nullptr);
    });
}

// test_log_destroyed_pending_task, BaseTaskIntrospectionTests.test__register_task_3, test__unregister_task
TEST(any_task_parity, all_of_them_are_those_that_are_not_done) {
    run_in_every_order([]() -> task<> {
        const future<> f;
        const auto waits = [&]() -> task<> { co_await f; };
        const auto h = create_task(waits());
        EXPECT_THAT(weft::all_tasks(), Contains(any_task(h)));
        EXPECT_THAT(weft::all_tasks(), Contains(current_task()));
        co_await weft::sleep(1ms);
        EXPECT_THAT(weft::all_tasks(), Contains(any_task(h)));
        f.set_result();
        co_await h;
        EXPECT_THAT(weft::all_tasks(), Not(Contains(any_task(h))));
        EXPECT_THAT(weft::all_tasks(weft::get_running_loop()), Contains(current_task()));
    });
}

}  // namespace
