// SPDX-License-Identifier: Apache-2.0
#include "inspect/busy_clock.hpp"

#include <weft/inspect/loop_metrics.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <thread>

using namespace std::chrono_literals;

namespace {

using weft::task;

TEST(loop_metrics, count_turns_and_what_was_run_in_them) {
    weft::testing::run([]() -> task<> {
        co_await weft::sleep(1s);
        const auto before = weft::capture_metrics();
        for (int i = 0; i < 5; ++i) co_await weft::sleep(1s);
        const auto after = weft::capture_metrics();
        EXPECT_EQ(after.iterations - before.iterations, 5u) << "a sleep is a turn";
        EXPECT_EQ(after.steps - before.steps, 5u);
        EXPECT_EQ(after.tasks_created, before.tasks_created);
        EXPECT_EQ(after.lag.count() - before.lag.count(), 5u);
    }());
}

TEST(loop_metrics, a_callback_is_a_step_too) {
    weft::testing::run([]() -> task<> {
        co_await weft::sleep(1s);
        const auto before = weft::capture_metrics();
        weft::get_running_loop().call_soon([] {});
        co_await weft::sleep(1s);
        const auto after = weft::capture_metrics();
        EXPECT_EQ(after.steps - before.steps, 2u);
    }());
}

TEST(loop_metrics, say_what_the_loop_has_before_it) {
    weft::testing::run([]() -> task<> {
        const auto sleeping = weft::create_task(weft::sleep(1h));
        const auto timer = weft::get_running_loop().call_later(1h, [] {});
        const weft::future<> pending;
        const auto waiting = weft::create_task([](weft::future<> f) -> task<> { co_await f; }, pending);
        const auto before = weft::capture_metrics();
        EXPECT_EQ(before.tasks, 3u) << "itself, one that will sleep, one that will wait";
        EXPECT_EQ(before.tasks_created, 3u);
        EXPECT_EQ(before.ready, 2u);
        EXPECT_EQ(before.timers, 1u);
        co_await weft::yield_now();
        const auto after = weft::capture_metrics();
        EXPECT_EQ(after.ready, 0u) << "who asks is running";
        EXPECT_EQ(after.timers, 2u);
        pending.set_result();
        EXPECT_EQ(weft::capture_metrics().ready, 1u);
        co_await waiting;
        timer.cancel();
        sleeping.cancel();
        EXPECT_EQ(weft::capture_metrics().timers, 0u);
        EXPECT_EQ(weft::capture_metrics().tasks, 2u) << "a cancelled one has yet to end";
    }());
}

TEST(loop_metrics, what_is_left_of_the_batch_that_runs_is_ready) {
    weft::testing::run([]() -> task<> {
        std::size_t ready = 0;
        const auto first = weft::create_task(
            [](std::size_t& r) -> task<> {
                r = weft::capture_metrics().ready;
                co_return;
            },
            std::ref(ready));
        const auto second = weft::create_task([]() -> task<> { co_return; });
        const auto third = weft::create_task([]() -> task<> { co_return; });
        co_await weft::gather(first, second, third);
        EXPECT_EQ(ready, 2u);
    }());
}

TEST(loop_metrics, count_calls_from_other_threads_as_ready) {
    weft::testing::run([]() -> task<> {
        weft::event_loop& loop = weft::get_running_loop();
        std::thread([&] { loop.call_soon_threadsafe([] {}); }).join();
        EXPECT_EQ(weft::capture_metrics().ready, 1u);
        co_return;
    }());
}

TEST(loop_metrics, count_the_operations_that_the_kernel_has) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const weft::unique_fd reads(ends[0]), writes(ends[1]);
    weft::testing::run([](int fd) -> task<> {
        weft::event_loop& loop = weft::get_running_loop();
        const auto before = weft::capture_metrics();
        loop.add_reader(fd, [] {});
        EXPECT_EQ(weft::capture_metrics().operations, before.operations + 1);
        loop.remove_reader(fd);
        EXPECT_EQ(weft::capture_metrics().operations, before.operations);
        co_return;
    }(reads.get()));
}

TEST(loop_metrics, lag_is_how_long_the_last_of_what_was_ready_had_to_wait) {
    weft_test::busy_loop l;
    l.loop.run_until_complete([](weft_test::busy_clock& clock) -> task<> {
        co_await weft::sleep(1s);
        const auto before = weft::capture_metrics();
        // Two that are ready in one turn
        const auto one = weft::create_task(
            [](weft_test::busy_clock& c) -> task<> {
                co_await weft::sleep(1s);
                c.spend(2ms);
            },
            std::ref(clock));
        const auto other = weft::create_task(
            [](weft_test::busy_clock& c) -> task<> {
                co_await weft::sleep(1s);
                c.spend(1ms);
            },
            std::ref(clock));
        co_await weft::sleep(2s);
        const auto after = weft::capture_metrics();
        EXPECT_EQ(after.lag.sum - before.lag.sum, 3ms);
        const std::size_t bucket = weft::loop_counters::lag_bucket(3'000'000);
        EXPECT_EQ(after.lag.counts[bucket] - before.lag.counts[bucket], 1u);
        co_await one;
        co_await other;
    }(l.clock));
}

TEST(loop_metrics, a_turn_in_which_nothing_runs_has_no_lag) {
    weft_test::busy_loop l;
    l.loop.run_once();
    EXPECT_EQ(l.loop.counters().iterations.value(), 1u);
    EXPECT_EQ(weft::capture_metrics(l.loop).lag.count(), 0u);
}

TEST(loop_metrics, a_quantile_is_a_bound_that_so_many_did_not_exceed) {
    weft::lag_histogram lag;
    EXPECT_EQ(lag.quantile(0.99), 0ns);
    lag.counts[3] = 98;  // at most 8 µs
    lag.counts[10] = 2;  // at most 1.024 ms
    EXPECT_EQ(lag.quantile(0), 8us);
    EXPECT_EQ(lag.quantile(0.5), 8us);
    EXPECT_EQ(lag.quantile(0.98), 8us);
    EXPECT_EQ(lag.quantile(0.99), 1024us);
    EXPECT_EQ(lag.quantile(1), 1024us);
    lag.counts.back() = 100;
    EXPECT_EQ(lag.quantile(0.99), std::chrono::nanoseconds::max());
    EXPECT_EQ(lag.count(), 200u);
}

TEST(loop_metrics, have_the_name_that_they_are_given) {
    weft::event_loop loop;
    EXPECT_EQ(weft::capture_metrics(loop).loop, "main");
    EXPECT_EQ(weft::capture_metrics(loop, "shard 1").loop, "shard 1");
    EXPECT_EQ(weft::capture_metrics(loop).backend, loop.backend_name());
}

TEST(loop_metrics, of_a_closed_loop_tell_what_it_has_done) {
    weft::event_loop loop;
    loop.call_soon([] {});
    loop.run_once();
    loop.close();
    const auto m = weft::capture_metrics(loop);
    EXPECT_EQ(m.steps, 1u);
    EXPECT_EQ(m.tasks + m.ready + m.timers + m.operations, 0u);
}

TEST(loop_metrics, without_a_loop_there_are_none) {
    EXPECT_THROW(weft::capture_metrics(), weft::no_running_loop_error);
}

TEST(loop_metrics, the_counters_may_be_read_by_any_thread) {
    weft::event_loop loop;
    std::atomic<bool> is_done{false};
    std::thread reader([&] {
        std::uint64_t last = 0;
        while (!is_done) {
            const std::uint64_t steps = loop.counters().steps.value();
            EXPECT_GE(steps, last);
            last = steps;
        }
    });
    loop.run_until_complete([]() -> task<> {
        for (int i = 0; i < 10'000; ++i) co_await weft::yield_now();
    }());
    is_done = true;
    reader.join();
    EXPECT_GE(loop.counters().steps.value(), 10'000u);
}

}  // namespace
