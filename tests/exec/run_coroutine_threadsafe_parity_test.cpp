// SPDX-License-Identifier: Apache-2.0
// What CPython's test_tasks asserts of run_coroutine_threadsafe and test_events of call_soon_threadsafe, of the same
// meaning, in the order of the files.
#include "exec/threads.hpp"

#include <weft/exec/run_coroutine_threadsafe.hpp>
#include <weft/exec/run_in_executor.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

struct how {
    bool fail = false, cancel = false;
};

weft::task<int> add(int a, int b, how h) {
    co_await weft::sleep(1ms);
    if (h.fail) throw std::runtime_error("Fail!");
    if (h.cancel) {
        weft::current_task_core().cancel();
        co_await weft::yield_now();
    }
    co_return a + b;
}

/// On a thread of the default executor: has the loop run add(), and waits for it.
weft::task<int> from_another_thread(how h) {
    weft::event_loop& loop = weft::get_running_loop();
    co_return co_await weft::run_in_executor(
        [&loop, h] { return get(weft::run_coroutine_threadsafe(add(1, 2, h), loop)); });
}

// RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe
TEST(run_coroutine_threadsafe_parity, gives_a_thread_the_result) { EXPECT_EQ(weft::run(from_another_thread({})), 3); }

// RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_exception
TEST(run_coroutine_threadsafe_parity, gives_a_thread_the_exception) {
    EXPECT_THROW(weft::run(from_another_thread({.fail = true})), std::runtime_error);
}

// RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_timeout
TEST(run_coroutine_threadsafe_parity, a_thread_may_stop_waiting_and_the_task_runs_on) {
    const auto main = []() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        gate added;
        const auto slow = [](gate& g) -> weft::task<int> {
            const int sum = co_await add(1, 2, {});
            g.open();
            co_return sum;
        };
        const bool in_time = co_await weft::run_in_executor([&] {
            const auto f = weft::run_coroutine_threadsafe(slow(added), loop);
            return f.wait_for(0s) == std::future_status::ready;
        });
        EXPECT_FALSE(in_time);
        while (!added.is_open()) co_await weft::sleep(1ms);
    };
    weft::run(main());
}

// RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_cancelled
TEST(run_coroutine_threadsafe_parity, gives_a_thread_the_cancellation) {
    EXPECT_THROW(weft::run(from_another_thread({.cancel = true})), weft::cancelled_error);
}

// RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_factory_exception
TEST(run_coroutine_threadsafe_parity, a_task_that_cannot_be_made_gives_a_thread_the_reason) {
    const auto main = []() -> weft::task<bool> {
        weft::event_loop& loop = weft::get_running_loop();
        co_return co_await weft::run_in_executor([&loop] {
            auto begun = []() -> weft::task<> { co_await std::suspend_always(); }();
            begun.step();
            try {
                get(weft::run_coroutine_threadsafe(std::move(begun), loop));
            } catch (const weft::invalid_state_error&) {
                return true;
            }
            return false;
        });
    };
    EXPECT_TRUE(weft::run(main()));
}

// EventLoopTestsMixin.test_call_soon_threadsafe
TEST(call_soon_threadsafe_parity, runs_in_the_order_of_the_calls_from_other_threads_and_its_own) {
    weft::event_loop loop;
    std::vector<std::string> results;
    const auto callback = [&](std::string arg) {
        results.push_back(arg);
        if (results.size() >= 2) loop.stop();
    };
    gate called;
    std::thread t([&] {
        loop.call_soon_threadsafe([&] { callback("hello"); });
        called.open();
    });
    called.wait();
    loop.call_soon([&] { callback("world"); });
    loop.run_forever();
    t.join();
    EXPECT_EQ(results, (std::vector<std::string>{"hello", "world"}));
}

// EventLoopTestsMixin.test_call_soon_threadsafe_same_thread
TEST(call_soon_threadsafe_parity, runs_in_the_order_of_the_calls_on_one_thread) {
    weft::event_loop loop;
    std::vector<std::string> results;
    loop.call_soon_threadsafe([&] { results.push_back("hello"); });
    loop.call_soon([&] {
        results.push_back("world");
        loop.stop();
    });
    loop.run_forever();
    EXPECT_EQ(results, (std::vector<std::string>{"hello", "world"}));
}

}  // namespace
