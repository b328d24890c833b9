// SPDX-License-Identifier: Apache-2.0
#include "exec/threads.hpp"

#include <weft/exec/run_in_executor.hpp>
#include <weft/exec/thread_pool.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

TEST(run_in_executor, begins_at_once_and_gives_a_future) {
    const auto main = []() -> weft::task<> {
        gate begun;
        const weft::future<int> f = weft::run_in_executor([&begun] {
            begun.open();
            return 1;
        });
        begun.wait();  // this task has not let go of the loop
        EXPECT_FALSE(f.done());
        EXPECT_EQ(co_await f, 1);
        EXPECT_EQ(f.result(), 1);
    };
    weft::run(main());
}

TEST(run_in_executor, takes_a_pool_or_none) {
    const auto main = []() -> weft::task<> {
        weft::thread_pool pool(1);
        const auto a = weft::run_in_executor(pool, [](int i) { return i; }, 1);
        const auto b = weft::run_in_executor(&pool, [](int i) { return i; }, 2);
        EXPECT_FALSE(weft::get_running_loop().has_default_executor());
        const auto c = weft::run_in_executor(nullptr, [](int i) { return i; }, 3);
        EXPECT_TRUE(weft::get_running_loop().has_default_executor());
        const auto d = weft::run_in_executor([](int i) { return i; }, 4);
        const auto [ra, rb, rc, rd] = co_await weft::gather(a, b, c, d);
        EXPECT_EQ(ra + rb * 10 + rc * 100 + rd * 1000, 4321);
    };
    weft::run(main());
}

TEST(run_in_executor, gives_every_kind_of_result) {
    const auto main = []() -> weft::task<> {
        int i = 0;
        co_await weft::run_in_executor([](int& r) { ++r; }, std::ref(i));
        EXPECT_EQ(i, 1);
        int& same = co_await weft::run_in_executor([](int& r) -> int& { return r; }, std::ref(i));
        EXPECT_EQ(&same, &i);
        const std::unique_ptr<int> p = co_await weft::run_in_executor([] { return std::make_unique<int>(2); });
        EXPECT_EQ(*p, 2);
        std::string said;
        try {
            co_await weft::run_in_executor([] { throw std::runtime_error("no"); });
        } catch (const std::runtime_error& e) {
            said = e.what();
        }
        EXPECT_EQ(said, "no");
    };
    weft::run(main());
}

TEST(run_in_executor, needs_a_running_loop) {
    EXPECT_THROW((void)weft::run_in_executor([] {}), weft::no_running_loop_error);
}

TEST(run_in_executor, calls_back_when_it_is_done) {
    const auto main = []() -> weft::task<> {
        const weft::future<int> seen;
        weft::run_in_executor([] { return 5; }).add_done_callback([seen](const weft::future<int>& f) {
            seen.set_result(f.result());
        });
        EXPECT_EQ(co_await seen, 5);
    };
    weft::run(main());
}

TEST(run_in_executor, an_exception_that_nobody_retrieves_is_reported) {
    std::string reports;
    const auto main = [](std::string& r) -> weft::task<> {
        weft::get_running_loop().set_exception_handler([&r](weft::event_loop&, const weft::error_context& c) {
            r += c.message + ": " + weft::describe_exception(c.exception) + "\n";
        });
        (void)weft::run_in_executor([] { throw std::runtime_error("nobody cares"); });
        while (r.empty()) co_await weft::yield_now();
    };
    weft::run(main(reports));
    EXPECT_EQ(reports, "Future exception was never retrieved: std::runtime_error: nobody cares\n");
}

TEST(run_in_executor, cancelling_the_future_before_the_call_began_gives_it_up) {
    const auto main = []() -> weft::task<> {
        weft::thread_pool pool(1);
        held_call held;
        std::atomic<int> alive = 0, calls = 0;
        const auto runs = weft::run_in_executor(pool, std::ref(held));
        const auto waits = weft::run_in_executor(pool, [c = counted(alive), &calls] { ++calls; });
        EXPECT_TRUE(waits.cancel());
        EXPECT_EQ(alive, 0);
        held.may_end.open();
        EXPECT_EQ(co_await runs, 7);
        co_await pool.run([] {});
        EXPECT_EQ(calls, 0);
        EXPECT_TRUE(waits.cancelled());
    };
    weft::run(main());
}

TEST(run_in_executor, cancelled_while_waiting_cancels_the_future_and_gives_up_the_call) {
    const auto main = []() -> weft::task<> {
        weft::thread_pool pool(1);
        held_call held;
        std::atomic<int> alive = 0;
        const auto f = weft::run_in_executor(pool, [&held, &alive] {
            held();
            return counted(alive);
        });
        const auto h = weft::create_task([](auto awaited) -> weft::task<> { (void)co_await awaited; }, f);
        co_await weft::yield_now();
        held.begun.wait();
        h.cancel();
        co_await weft::yield_now();
        EXPECT_TRUE(h.cancelled());
        EXPECT_TRUE(f.cancelled());
        held.may_end.open();
        co_await pool.run([] {});
        EXPECT_EQ(alive, 0);
    };
    weft::run(main());
}

TEST(run_in_executor, a_result_that_somebody_else_sets_gives_up_the_call) {
    const auto main = []() -> weft::task<> {
        weft::thread_pool pool(1);
        held_call held;
        const auto f = weft::run_in_executor(pool, std::ref(held));
        held.begun.wait();
        f.set_result(8);
        held.may_end.open();
        co_await pool.run([] {});
        co_await weft::yield_now();
        EXPECT_EQ(f.result(), 8);
    };
    weft::run(main());
}

TEST(run_in_executor, destroyed_while_waiting_with_its_loop) {
    weft::thread_pool pool(1);
    held_call held;
    std::atomic<int> alive = 0;
    {
        weft::event_loop loop;
        std::optional<weft::future<counted>> outlives;  // the future, too, must let go
        loop.call_soon([&] {
            outlives = weft::run_in_executor(pool, [&] {
                held();
                return counted(alive);
            });
            (void)weft::run_in_executor(pool, [c = counted(alive)] {});
        });
        loop.run_once();
        held.begun.wait();
        EXPECT_EQ(alive, 1);
        loop.close();
        EXPECT_EQ(alive, 0);
        EXPECT_FALSE(outlives->done());
    }
    held.may_end.open();
    get(pool.submit([] {}));
    EXPECT_EQ(alive, 0);
}

TEST(run_in_executor, many_at_once_all_come_back) {
    const auto main = []() -> weft::task<> {
        weft::thread_pool pool(4);
        std::vector<weft::future<int>> all;
        for (int i = 0; i < 2000; ++i) all.push_back(weft::run_in_executor(pool, [i] { return i; }));
        const std::vector<int> results = co_await weft::gather(all);
        for (int i = 0; i < 2000; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)], i);
    };
    weft::run(main());
}

}  // namespace
