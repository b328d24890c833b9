// SPDX-License-Identifier: Apache-2.0
// What CPython 3.13's test_locks.py asserts of asyncio.Barrier, test by test.
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/with.hpp>
#include <weft/sync/barrier.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
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

std::vector<std::size_t> up_to(std::size_t count) {
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

static_assert(!weft::awaitable<weft::barrier&>);  // BarrierTests.test_barrier

// BarrierTests.test_barrier_parties
TEST(barrier_parity, needs_a_party) {
    EXPECT_THROW(weft::barrier(0), std::invalid_argument);
    EXPECT_THROW(weft::barrier(-4), std::invalid_argument);
    EXPECT_EQ(weft::barrier(n).parties(), n);
}

// BarrierTests.test_context_manager
TEST(barrier_parity, as_a_context_it_gives_each_its_number) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(3);
        std::vector<std::size_t> results;
        const auto coro = [&]() -> weft::task<> {
            co_await weft::with(b, [&](std::size_t& i) -> weft::task<> {
                results.push_back(i);
                co_return;
            });
        };
        co_await start_and_gather(3, coro);
        std::sort(results.begin(), results.end());
        EXPECT_EQ(results, up_to(3));
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_FALSE(b.broken());
    };
    weft::testing::run(main());
}

// BarrierTests.test_filling_one_task, test_filling_one_task_twice
TEST(barrier_parity, for_one_party_nobody_waits) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(1);
        co_await weft::with(b, []() -> weft::task<> { co_return; });
        EXPECT_EQ(b.n_waiting(), 0u);
        const auto t1 = weft::create_task(b.wait());
        co_await weft::yield_now();
        EXPECT_EQ(b.n_waiting(), 0u);
        const auto t2 = weft::create_task(b.wait());
        co_await weft::yield_now();
        EXPECT_EQ(t1.result(), t2.result());
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_FALSE(b.broken());
    };
    weft::testing::run(main());
}

// BarrierTests.test_filling_task_by_task
TEST(barrier_parity, counts_those_who_wait) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(3);
        const auto t1 = weft::create_task(b.wait());
        co_await weft::yield_now();
        EXPECT_EQ(b.n_waiting(), 1u);
        const auto t2 = weft::create_task(b.wait());
        co_await weft::yield_now();
        EXPECT_EQ(b.n_waiting(), 2u);
        const auto t3 = weft::create_task(b.wait());
        co_await weft::gather(t1, t2, t3);
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_FALSE(b.broken());
    };
    weft::testing::run(main());
}

// BarrierTests.test_filling_tasks_wait_twice, test_filling_tasks_check_return_value
TEST(barrier_parity, is_used_again_and_again_and_gives_new_numbers) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(n);
        std::vector<bool> results;
        const auto coro = [&]() -> weft::task<std::size_t> {
            co_return co_await weft::with(b, [&]() -> weft::task<std::size_t> {
                results.push_back(true);
                co_return co_await weft::with(b, [&](std::size_t& i) -> weft::task<std::size_t> {
                    results.push_back(false);
                    co_return i;
                });
            });
        };
        auto numbers = co_await start_and_gather(n, coro);
        EXPECT_EQ(std::count(results.begin(), results.end(), true), static_cast<long>(n));
        EXPECT_EQ(std::count(results.begin(), results.end(), false), static_cast<long>(n));
        std::sort(numbers.begin(), numbers.end());
        EXPECT_EQ(numbers, up_to(n));
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_FALSE(b.broken());
    };
    weft::testing::run(main());
}

// BarrierTests.test_draining_state
TEST(barrier_parity, nobody_waits_at_it_while_it_drains) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(n);
        std::size_t passed = 0;
        const auto coro = [&]() -> weft::task<> {
            co_await b.wait();
            ++passed;
            EXPECT_EQ(b.n_waiting(), 0u);
        };
        co_await start_and_gather(n, coro);
        EXPECT_EQ(passed, n);
        EXPECT_FALSE(b.broken());
    };
    weft::testing::run(main());
}

// BarrierTests.test_blocking_tasks_while_draining
TEST(barrier_parity, whoever_comes_while_it_drains_belongs_to_the_next_round) {
    const auto main = []() -> weft::task<> {
        constexpr std::size_t rewait = 2;
        weft::barrier b(n), not_waiting(n - rewait);
        std::size_t left = rewait;
        const auto coro = [&]() -> weft::task<> {
            co_await b.wait();
            if (left > 0) {
                --left;
                co_await b.wait();
            } else {
                co_await not_waiting.wait();
                co_await b.wait();
            }
        };
        co_await start_and_gather(n, coro);
    };
    weft::testing::run(main());
}

// BarrierTests.test_filling_tasks_cancel_one
TEST(barrier_parity, one_who_is_cancelled_does_not_count) {
    const auto main = []() -> weft::task<> {
        weft::barrier b(3);
        std::size_t results = 0;
        const auto coro = [&]() -> weft::task<> {
            co_await b.wait();
            ++results;
        };
        const auto t1 = weft::create_task(coro());
        co_await weft::yield_now();
        EXPECT_EQ(b.n_waiting(), 1u);
        const auto t2 = weft::create_task(coro());
        co_await weft::yield_now();
        EXPECT_EQ(b.n_waiting(), 2u);
        t1.cancel();
        co_await weft::yield_now();
        EXPECT_EQ(b.n_waiting(), 1u);
        EXPECT_EQ(co_await ending(t1), "cancelled");
        const auto t3 = weft::create_task(coro());
        co_await weft::yield_now();
        EXPECT_EQ(b.n_waiting(), 2u);
        const auto t4 = weft::create_task(coro());
        co_await weft::gather(t2, t3, t4);
        EXPECT_EQ(results, 3u);
        EXPECT_EQ(b.n_waiting(), 0u);
        EXPECT_FALSE(b.broken());
    };
    weft::testing::run(main());
}

}  // namespace
