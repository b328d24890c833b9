// SPDX-License-Identifier: Apache-2.0
// What CPython 3.13's test_locks.py asserts of asyncio.Barrier.reset and abort, test by test.
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/with.hpp>
#include <weft/sync/barrier.hpp>

#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t n = 5;

/// Starts `make()` as often as told.
template <class Make>
auto start(std::size_t count, Make&& make) {
    std::vector<decltype(weft::create_task(make()))> tasks;
    for (std::size_t i = 0; i < count; ++i) tasks.push_back(weft::create_task(make()));
    return tasks;
}
template <class Make>
auto start_and_gather(std::size_t count, Make&& make) {
    return weft::gather(start(count, make));
}

// BarrierTests.test_reset_barrier, test_abort_barrier
TEST(barrier_parity_reset, reset_and_abort_of_one_at_which_nobody_waits) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(1);
        const auto reset = weft::create_task(b.reset());
        co_await weft::yield_now();
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_FALSE(b.broken());
        const auto abort = weft::create_task(b.abort());
        co_await weft::yield_now();
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_TRUE(b.broken());
    };
    weft::testing::run(main());
}

// BarrierTests.test_reset_barrier_while_tasks_waiting
TEST(barrier_parity_reset, a_reset_breaks_it_for_those_who_wait_and_for_nobody_else) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(n);
        std::size_t broken = 0;
        const auto coro = [&]() -> weft::task<> {
            try {
                co_await b.wait();
            } catch (const weft::broken_barrier_error&) {
                ++broken;
            }
        };
        const auto tasks = start(n - 1, coro);
        co_await weft::yield_now();
        const auto reset = weft::create_task(b.reset());
        co_await weft::gather(tasks);
        EXPECT_EQ(broken, n - 1);
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_FALSE(b.broken());
        co_await start_and_gather(n, coro);
        EXPECT_EQ(broken, n - 1);
    };
    weft::testing::run(main());
}

// BarrierTests.test_reset_barrier_when_tasks_half_draining
TEST(barrier_parity_reset, a_reset_while_it_drains_breaks_it_for_those_who_have_not_left) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(n);
        std::size_t broken = 0, passed = 0;
        const auto coro = [&]() -> weft::task<> {
            bool was_broken = false;
            try {
                co_await b.wait();
            } catch (const weft::broken_barrier_error&) {
                was_broken = true;
                ++broken;
            }
            if (!was_broken && ++passed == n - n / 2) co_await b.reset();
        };
        co_await start_and_gather(n, coro);
        EXPECT_EQ(broken, n / 2);
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_FALSE(b.broken());
    };
    weft::testing::run(main());
}

// BarrierTests.test_reset_barrier_when_tasks_half_draining_half_blocking
TEST(barrier_parity_reset, such_a_reset_does_not_concern_those_who_wait_for_the_next_round) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(n);
        std::size_t broken = 0, blocked_broken = 0, passed = 0;
        const std::size_t blocking = n / 2;
        const auto coro = [&]() -> weft::task<> {
            bool was_broken = false;
            try {
                co_await b.wait();
            } catch (const weft::broken_barrier_error&) {
                was_broken = true;
            }
            if (was_broken) {
                ++broken;
                co_await b.wait();
            } else if (++passed > blocking) {
                co_await b.reset();
                co_await b.wait();
            } else {
                try {
                    co_await b.wait();
                } catch (const weft::broken_barrier_error&) {
                    ++blocked_broken;
                }
            }
        };
        co_await start_and_gather(n, coro);
        EXPECT_EQ(broken, blocking);
        EXPECT_EQ(blocked_broken, 0u);
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_FALSE(b.broken());
    };
    weft::testing::run(main());
}

// BarrierTests.test_reset_barrier_while_tasks_waiting_and_waiting_again
TEST(barrier_parity_reset, those_for_whom_it_was_broken_may_wait_again) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(n);
        std::size_t broken = 0, passed = 0;
        const auto coro1 = [&]() -> weft::task<> {
            try {
                co_await b.wait();
            } catch (const weft::broken_barrier_error&) {
                ++broken;
            }
            co_await b.wait();
            ++passed;
        };
        const auto coro2 = [&]() -> weft::task<> {
            co_await b.wait();
            ++passed;
        };
        const auto tasks = start(n - 1, coro1);
        const auto reset = weft::create_task(b.reset());
        co_await weft::yield_now();
        const auto last = weft::create_task(coro2());
        co_await weft::gather(tasks);
        EXPECT_FALSE(b.broken());
        EXPECT_EQ(broken, n - 1);
        EXPECT_EQ(passed, n);
        EXPECT_EQ(b.n_waiting(), 0u);
    };
    weft::testing::run(main());
}

// BarrierTests.test_reset_barrier_while_tasks_draining
TEST(barrier_parity_reset, a_reset_by_the_last_one_that_leaves_breaks_nothing) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(n);
        std::size_t count = 0, second = 0, third = 0;
        const auto coro = [&]() -> weft::task<> {
            co_await b.wait();
            if (++count == n) {
                co_await b.reset();
                co_await b.wait();
            } else {
                co_await b.wait();
                ++second;
            }
            co_await b.wait();
            ++third;
        };
        co_await start_and_gather(n, coro);
        EXPECT_FALSE(b.broken());
        EXPECT_EQ(second, n - 1);
        EXPECT_EQ(third, n);
        EXPECT_EQ(b.n_waiting(), 0u);
    };
    weft::testing::run(main());
}

// BarrierTests.test_abort_barrier_when_tasks_half_draining_half_blocking
TEST(barrier_parity_reset, an_abort_while_it_drains_breaks_it_for_all) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(n);
        std::size_t broken = 0, blocked_broken = 0, passed = 0;
        const std::size_t blocking = n / 2;
        const auto coro = [&]() -> weft::task<> {
            bool was_broken = false;
            try {
                co_await b.wait();
            } catch (const weft::broken_barrier_error&) {
                was_broken = true;
            }
            if (was_broken) {
                ++broken;
            } else if (++passed > blocking) {
                co_await b.abort();
            } else {
                try {
                    co_await b.wait();
                } catch (const weft::broken_barrier_error&) {
                    ++blocked_broken;
                }
            }
        };
        co_await start_and_gather(n, coro);
        EXPECT_TRUE(b.broken());
        EXPECT_EQ(broken, blocking);
        EXPECT_EQ(blocked_broken, n - blocking - 1);
        EXPECT_EQ(b.n_waiting(), 0u);
    };
    weft::testing::run(main());
}

// BarrierTests.test_abort_barrier_when_exception
TEST(barrier_parity_reset, one_who_fails_may_abort_it_for_the_others) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(n);
        std::size_t passed = 0, broken = 0;
        const auto coro = [&]() -> weft::task<> {
            bool failed = false;
            try {
                co_await weft::with(b, [](std::size_t& i) -> weft::task<> {
                    if (i == n / 2) throw std::logic_error("it fails");
                    co_return;
                });
                co_await b.wait();
                ++passed;
            } catch (const weft::broken_barrier_error&) {
                ++broken;
            } catch (const std::logic_error&) {
                failed = true;
            }
            if (failed) co_await b.abort();
        };
        co_await start_and_gather(n, coro);
        EXPECT_TRUE(b.broken());
        EXPECT_EQ(passed, 0u);
        EXPECT_EQ(broken, n - 1);
        EXPECT_EQ(b.n_waiting(), 0u);
    };
    weft::testing::run(main());
}

// BarrierTests.test_abort_barrier_when_exception_then_resetting
TEST(barrier_parity_reset, aborted_and_reset_it_is_as_new) {
    const auto main = []() -> weft::task<> {
        weft::barrier b1(n), b2(n);
        std::size_t first = 0, broken = 0, third = 0;
        const auto coro = [&]() -> weft::task<> {
            bool failed = false;
            try {
                if (co_await b1.wait() == n / 2) throw std::logic_error("it fails");
                co_await b1.wait();
                ++first;
            } catch (const weft::broken_barrier_error&) {
                ++broken;
            } catch (const std::logic_error&) {
                failed = true;
            }
            if (failed) co_await b1.abort();
            if (co_await b2.wait() == n / 2) co_await b1.reset();
            co_await b2.wait();
            co_await b1.wait();
            ++third;
        };
        co_await start_and_gather(n, coro);
        EXPECT_FALSE(b1.broken());
        EXPECT_EQ(first, 0u);
        EXPECT_EQ(broken, n - 1);
        EXPECT_EQ(third, n);
        EXPECT_EQ(b1.n_waiting(), 0u);
    };
    weft::testing::run(main());
}

}  // namespace
