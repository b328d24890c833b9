// SPDX-License-Identifier: Apache-2.0
// What CPython 3.13's test_locks.py asserts of asyncio.Event, test by test.
#include "sync/tasks.hpp"

#include <weft/sync/event.hpp>

#include <vector>

namespace {

using names = std::vector<int>;

weft::task<> wait_for_it(weft::event& e, names& result, int name) {
    co_await e.wait();
    result.push_back(name);
}

// EventTests.test_wait
TEST(event_parity, those_who_wait_go_on_in_order_after_those_who_need_not) {
    const auto main = []() -> weft::task<> {
        weft::event e;
        EXPECT_FALSE(e.is_set());
        names result;
        const auto t1 = weft::create_task(wait_for_it(e, result, 1)), t2 = weft::create_task(wait_for_it(e, result, 2));
        co_await weft::yield_now();
        EXPECT_EQ(result, names{});
        const auto t3 = weft::create_task(wait_for_it(e, result, 3));
        e.set();
        co_await weft::yield_now();
        EXPECT_EQ(result, (names{3, 1, 2}));
        EXPECT_TRUE(t1.done() && t2.done() && t3.done());
    };
    weft::testing::run(main());
}

// EventTests.test_wait_on_set
TEST(event_parity, nobody_waits_for_what_is_set) {
    const auto main = []() -> weft::task<> {
        weft::event e;
        e.set();
        co_await e.wait();
    };
    weft::testing::run(main());
}

// EventTests.test_wait_cancel
TEST(event_parity, a_cancelled_wait_leaves_nobody_in_the_line) {
    const auto main = []() -> weft::task<> {
        weft::event e;
        const auto wait = weft::create_task(e.wait());
        weft::get_running_loop().call_soon([wait] { wait.cancel(); });
        EXPECT_EQ(co_await ending(wait), "cancelled");
        e.set();
    };
    weft::testing::run(main());
}

// EventTests.test_clear
TEST(event_parity, is_set_until_it_is_cleared) {
    weft::event e;
    EXPECT_FALSE(e.is_set());
    e.set();
    EXPECT_TRUE(e.is_set());
    e.clear();
    EXPECT_FALSE(e.is_set());
}

// EventTests.test_clear_with_waiters
TEST(event_parity, cleared_before_those_who_waited_have_run_it_lets_them_go_once) {
    const auto main = []() -> weft::task<> {
        weft::event e;
        names result;
        const auto t = weft::create_task(wait_for_it(e, result, 1));
        co_await weft::yield_now();
        EXPECT_EQ(result, names{});
        e.set();
        e.clear();
        EXPECT_FALSE(e.is_set());
        e.set();
        e.set();
        co_await weft::yield_now();
        EXPECT_EQ(result, names{1});
        EXPECT_TRUE(t.done());
    };
    weft::testing::run(main());
}

}  // namespace
