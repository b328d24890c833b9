// SPDX-License-Identifier: Apache-2.0
// What CPython 3.13's test_locks.py asserts of asyncio.Lock, test by test.
#include "sync/tasks.hpp"

#include <weft/flow/with.hpp>
#include <weft/sync/bounded_semaphore.hpp>
#include <weft/sync/condition.hpp>
#include <weft/sync/lock.hpp>

#include <concepts>
#include <string>
#include <utility>
#include <vector>

namespace {

// LockTests.test_lock, test_lock_doesnt_accept_loop_parameter, test_lock_by_with_statement; SemaphoreTests.test_semaphore
static_assert(!weft::awaitable<weft::lock&> && !weft::awaitable<weft::semaphore&> &&
              !weft::awaitable<weft::condition&>);
static_assert(!std::constructible_from<weft::lock, weft::event_loop&>);

/// Takes the lock and keeps it.
weft::task<> take(weft::lock& l, std::vector<int>& result, int name) {
    co_await l.enter();
    result.push_back(name);
}

using names = std::vector<int>;

// LockTests.test_acquire
TEST(lock_parity, each_release_lets_one_of_those_who_wait_go_on_in_order) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        names result;
        co_await l.enter();
        const auto t1 = weft::create_task(take(l, result, 1)), t2 = weft::create_task(take(l, result, 2));
        co_await weft::yield_now();
        EXPECT_EQ(result, names{});
        l.release();
        co_await weft::yield_now();
        EXPECT_EQ(result, names{1});
        co_await weft::yield_now();
        EXPECT_EQ(result, names{1});
        const auto t3 = weft::create_task(take(l, result, 3));
        l.release();
        co_await weft::yield_now();
        EXPECT_EQ(result, (names{1, 2}));
        l.release();
        co_await weft::yield_now();
        EXPECT_EQ(result, (names{1, 2, 3}));
        EXPECT_TRUE(t1.done() && t2.done() && t3.done());
    };
    weft::testing::run(main());
}

// LockTests.test_acquire_cancel
TEST(lock_parity, a_cancelled_acquire_leaves_nobody_in_the_line) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        auto held = co_await l.acquire();
        const auto waits = weft::create_task(l.acquire());
        weft::get_running_loop().call_soon([waits] { waits.cancel(); });
        EXPECT_EQ(co_await ending(waits), "cancelled");
        held.release();
        EXPECT_TRUE(l.try_acquire());
    };
    weft::testing::run(main());
}

weft::task<> hold_until(weft::lock& l, const weft::future<>* blocker) {
    const auto held = co_await l.acquire();
    if (blocker) co_await *blocker;
}

// LockTests.test_cancel_race
TEST(lock_parity, a_release_passes_over_one_who_is_cancelled_at_the_same_time) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        const weft::future<> blocker;
        const auto a = weft::create_task(hold_until(l, &blocker));
        co_await weft::yield_now();
        EXPECT_TRUE(l.locked());
        const auto b = weft::create_task(hold_until(l, nullptr));
        co_await weft::yield_now();
        const auto c = weft::create_task(hold_until(l, nullptr));
        co_await weft::yield_now();
        blocker.set_result();
        b.cancel();
        co_await weft::yield_now();
        EXPECT_FALSE(l.locked());
        EXPECT_TRUE(a.done());
        EXPECT_TRUE(b.cancelled());
        co_await c;
    };
    weft::testing::run(main());
}

// LockTests.test_cancel_release_race
TEST(lock_parity, cancelled_and_released_at_once_it_is_taken_by_one_task_only) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        names result;
        co_await l.enter();
        const auto t1 = weft::create_task(take(l, result, 1)), t2 = weft::create_task(take(l, result, 2)),
                   t3 = weft::create_task(take(l, result, 3));
        co_await weft::yield_now();
        weft::get_running_loop().call_soon([&l, t1] {
            t1.cancel();
            l.release();
        });
        EXPECT_EQ(co_await ending(t1), "cancelled");
        EXPECT_EQ(result, names{2});
        EXPECT_TRUE(t1.cancelled() && t2.done());
        t3.cancel();
        co_await weft::yield_now();
        EXPECT_TRUE(t3.cancelled());
    };
    weft::testing::run(main());
}

// LockTests.test_finished_waiter_cancelled
TEST(lock_parity, one_who_is_cancelled_and_would_be_next_does_not_hold_up_the_line) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        names result;
        co_await l.enter();
        const auto b = weft::create_task(take(l, result, 1));
        co_await weft::yield_now();
        const auto c = weft::create_task(take(l, result, 2));
        b.cancel();
        l.release();
        co_await weft::yield_now();
        EXPECT_TRUE(l.locked());
        EXPECT_TRUE(b.cancelled());
        co_await c;
    };
    weft::testing::run(main());
}

// LockTests.test_release_not_acquired
TEST(lock_parity, release_of_what_is_not_acquired_is_an_error) {
    weft::lock l;
    EXPECT_THROW(l.release(), weft::invalid_state_error);
}

// LockTests.test_release_no_waiters
TEST(lock_parity, released_while_nobody_waits_it_is_free) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        co_await l.enter();
        EXPECT_TRUE(l.locked());
        l.release();
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

// LockTests.test_context_manager
TEST(lock_parity, is_locked_in_the_body_of_with_alone) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        EXPECT_FALSE(l.locked());
        co_await weft::with(l, [&]() -> weft::task<> {
            EXPECT_TRUE(l.locked());
            co_return;
        });
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

}  // namespace
