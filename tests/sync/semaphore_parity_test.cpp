// SPDX-License-Identifier: Apache-2.0
// What CPython 3.13's test_locks.py asserts of asyncio.Semaphore and BoundedSemaphore, test by test.
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/with.hpp>
#include <weft/sync/bounded_semaphore.hpp>
#include <weft/sync/semaphore.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using names = std::vector<int>;

/// Takes a permit and keeps it.
weft::task<> take(weft::semaphore& s, names& result, int name) {
    co_await s.enter();
    result.push_back(name);
}

// SemaphoreTests.test_initial_value_zero
TEST(semaphore_parity, without_permits_it_is_locked) { EXPECT_TRUE(weft::semaphore(0).locked()); }

// SemaphoreTests.test_semaphore
TEST(semaphore_parity, has_one_permit_unless_told_otherwise) {
    weft::semaphore s;
    EXPECT_EQ(s.value(), 1);
    EXPECT_FALSE(s.locked());
}

// SemaphoreTests.test_semaphore_value
TEST(semaphore_parity, cannot_have_less_than_no_permits) { EXPECT_THROW(weft::semaphore(-1), std::invalid_argument); }

// SemaphoreTests.test_acquire
TEST(semaphore_parity, permits_go_to_those_who_wait) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(3);
        names result;
        co_await s.enter();
        co_await s.enter();
        EXPECT_FALSE(s.locked());
        const auto t1 = weft::create_task(take(s, result, 1)), t2 = weft::create_task(take(s, result, 2)),
                   t3 = weft::create_task(take(s, result, 3));
        co_await weft::yield_now();
        EXPECT_EQ(result, names{1});
        EXPECT_TRUE(s.locked());
        EXPECT_EQ(s.value(), 0);
        const auto t4 = weft::create_task(take(s, result, 4));
        s.release();
        s.release();
        EXPECT_EQ(s.value(), 0);
        co_await weft::yield_now();
        EXPECT_EQ(s.value(), 0);
        EXPECT_EQ(result.size(), 3u);
        EXPECT_TRUE(s.locked());
        EXPECT_TRUE(t1.done());
        EXPECT_EQ(t2.done() + t3.done() + t4.done(), 2);
        s.release();
        co_await weft::gather(t2, t3, t4);
    };
    weft::testing::run(main());
}

// SemaphoreTests.test_acquire_cancel
TEST(semaphore_parity, a_cancelled_acquire_leaves_nobody_in_the_line) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s;
        co_await s.enter();
        const auto acquire = weft::create_task(s.acquire());
        weft::get_running_loop().call_soon([acquire] { acquire.cancel(); });
        EXPECT_EQ(co_await ending(acquire), "cancelled");
        s.release();
        EXPECT_TRUE(s.try_acquire());
    };
    weft::testing::run(main());
}

// SemaphoreTests.test_acquire_cancel_before_awoken
TEST(semaphore_parity, a_permit_passes_over_those_who_were_cancelled) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(0);
        names result;
        std::vector<weft::task_handle<>> t;
        for (int i = 0; i < 4; ++i) t.push_back(weft::create_task(take(s, result, i)));
        co_await weft::yield_now();
        t[0].cancel();
        t[1].cancel();
        s.release();
        co_await weft::yield_now();
        co_await weft::yield_now();
        EXPECT_TRUE(t[2].done());
        EXPECT_FALSE(t[3].done());
        t[3].cancel();
        co_await weft::yield_now();
    };
    weft::testing::run(main());
}

// SemaphoreTests.test_acquire_hang
TEST(semaphore_parity, a_permit_released_after_a_cancellation_goes_to_the_next) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(0);
        names result;
        const auto t1 = weft::create_task(take(s, result, 1)), t2 = weft::create_task(take(s, result, 2));
        co_await weft::yield_now();
        t1.cancel();
        s.release();
        co_await weft::yield_now();
        co_await weft::yield_now();
        EXPECT_TRUE(s.locked());
        EXPECT_TRUE(t2.done());
    };
    weft::testing::run(main());
}

// SemaphoreTests.test_acquire_no_hang
TEST(semaphore_parity, one_who_was_chosen_and_then_cancelled_gives_the_permit_back) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(1);
        weft::task_handle<>* second = nullptr;
        const auto c1 = weft::create_task([](weft::semaphore& k, weft::task_handle<>*& t2) -> weft::task<> {
            co_await weft::with(k, []() -> weft::task<> { co_await weft::yield_now(); });
            t2->cancel();
        }(s, second));
        auto c2 = weft::create_task([](weft::semaphore& k) -> weft::task<> {
            co_await weft::with(k, []() -> weft::task<> {
                ADD_FAILURE() << "it was cancelled";
                co_return;
            });
        }(s));
        second = &c2;
        EXPECT_EQ(co_await ending(c1), "done");
        EXPECT_EQ(co_await ending(c2), "cancelled");
        co_await s.enter();
    };
    weft::testing::run(main());
}

// SemaphoreTests.test_release_not_acquired
TEST(semaphore_parity, a_bounded_one_is_not_released_too_often) {
    weft::bounded_semaphore s;
    EXPECT_THROW(s.release(), weft::invalid_state_error);
}

// SemaphoreTests.test_release_no_waiters
TEST(semaphore_parity, released_while_nobody_waits_it_is_free) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s;
        co_await s.enter();
        EXPECT_TRUE(s.locked());
        s.release();
        EXPECT_FALSE(s.locked());
    };
    weft::testing::run(main());
}

// SemaphoreTests.test_acquire_fifo_order
TEST(semaphore_parity, whoever_comes_back_stands_behind_those_who_wait) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(1);
        names result;
        const auto coro = [](weft::semaphore& k, names& to, int tag) -> weft::task<> {
            for (int i = 1; i <= 2; ++i) {
                co_await k.enter();
                to.push_back(10 * tag + i);
                co_await weft::sleep(10ms);
                k.release();
            }
        };
        co_await weft::gather(coro(s, result, 1), coro(s, result, 2), coro(s, result, 3));
        EXPECT_EQ(result, (names{11, 21, 31, 12, 22, 32}));
    };
    weft::testing::run(main());
}

// SemaphoreTests.test_acquire_fifo_order_2
TEST(semaphore_parity, whoever_releases_and_acquires_at_once_does_not_overtake) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(1);
        names result;
        const auto again = [](weft::semaphore& k, names& to) -> weft::task<> {
            co_await k.enter();
            to.push_back(2);
            k.release();
            co_await k.enter();
            to.push_back(4);
        };
        const auto t1 = weft::create_task(take(s, result, 1)), t2 = weft::create_task(again(s, result)),
                   t3 = weft::create_task(take(s, result, 3));
        co_await weft::yield_now();
        s.release();
        s.release();
        co_await weft::gather(t1, t2, t3);
        EXPECT_EQ(result, (names{1, 2, 3, 4}));
    };
    weft::testing::run(main());
}

// SemaphoreTests.test_acquire_fifo_order_3
TEST(semaphore_parity, the_line_closes_up_behind_one_who_is_cancelled) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(0);
        names result;
        const auto t1 = weft::create_task(take(s, result, 1)), t2 = weft::create_task(take(s, result, 2)),
                   t3 = weft::create_task(take(s, result, 3));
        co_await weft::yield_now();
        t1.cancel();
        co_await weft::yield_now();
        s.release();
        s.release();
        EXPECT_EQ(co_await ending(t1), "cancelled");
        co_await weft::gather(t2, t3);
        EXPECT_EQ(result, (names{2, 3}));
    };
    weft::testing::run(main());
}

// SemaphoreTests.test_acquire_fifo_order_4
TEST(semaphore_parity, one_who_resumes_lets_those_go_on_who_had_to_wait_behind_it) {
    const auto main = []() -> weft::task<> {
        weft::semaphore s(0);
        names result;
        std::vector<weft::task_handle<>> fourth;
        const auto c4 = [](names& to) -> weft::task<> {
            to.push_back(4);
            co_return;
        };
        const auto c1 = [&]() -> weft::task<> {
            EXPECT_EQ(s.value(), 0);
            co_await s.enter();
            EXPECT_EQ(s.value(), 0);
            fourth.push_back(weft::create_task(c4(result)));
            result.push_back(1);
        };
        const auto c2 = [&]() -> weft::task<> {
            s.release();
            s.release();
            s.release();
            EXPECT_EQ(s.value(), 2);
            EXPECT_TRUE(s.locked());
            co_await s.enter();
            result.push_back(2);
        };
        const auto c3 = [&]() -> weft::task<> {
            co_await s.enter();
            EXPECT_TRUE(s.locked());
            result.push_back(3);
        };
        const auto t1 = weft::create_task(c1()), t2 = weft::create_task(c2()), t3 = weft::create_task(c3());
        co_await weft::yield_now();
        EXPECT_EQ(s.value(), 2);
        co_await weft::yield_now();
        co_await weft::gather(t1, t2, t3, fourth[0]);
        EXPECT_EQ(result, (names{1, 2, 3, 4}));
    };
    weft::testing::run(main());
}

}  // namespace
