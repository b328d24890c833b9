// SPDX-License-Identifier: Apache-2.0
#include "exec/threads.hpp"

#include <weft/exec/run_coroutine_threadsafe.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/any_task.hpp>
#include <weft/loop/context_var.hpp>
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

weft::task<int> add(int a, int b) {
    co_await weft::yield_now();
    co_return a + b;
}
weft::task<> sleeps() { co_await weft::sleep(24h); }

TEST(run_coroutine_threadsafe, runs_a_coroutine_on_the_loops_thread_and_gives_its_result) {
    other_loop loop;
    EXPECT_EQ(get(weft::run_coroutine_threadsafe(add(1, 2), *loop)), 3);
    const auto where = []() -> weft::task<std::thread::id> { co_return std::this_thread::get_id(); };
    EXPECT_EQ(get(weft::run_coroutine_threadsafe(where(), *loop)), loop.thread_id());
}

TEST(run_coroutine_threadsafe, gives_every_kind_of_result) {
    other_loop loop;
    int i = 0;
    const auto nothing = [](int& r) -> weft::task<> {
        r = 1;
        co_return;
    };
    get(weft::run_coroutine_threadsafe(nothing(i), *loop));
    EXPECT_EQ(i, 1);
    const auto reference = [](int& r) -> weft::task<int&> { co_return r; };
    EXPECT_EQ(&get(weft::run_coroutine_threadsafe(reference(i), *loop)), &i);
    const auto pointer = []() -> weft::task<std::unique_ptr<int>> { co_return std::make_unique<int>(2); };
    EXPECT_EQ(*get(weft::run_coroutine_threadsafe(pointer(), *loop)), 2);
    const auto fails = []() -> weft::task<int> {
        throw std::runtime_error("no");
        co_return 0;
    };
    EXPECT_THROW(get(weft::run_coroutine_threadsafe(fails(), *loop)), std::runtime_error);
}

TEST(run_coroutine_threadsafe, keeps_a_callable_and_its_arguments_alive) {
    other_loop loop;
    const auto start = [&] {
        const std::string captured = "a text that is too long for a small buffer";
        return weft::run_coroutine_threadsafe(
            *loop,
            [captured](std::unique_ptr<int> p, const std::string& s) -> weft::task<std::string> {
                co_await weft::yield_now();
                co_return captured + s + std::to_string(*p);
            },
            std::make_unique<int>(1), "!");
    };
    EXPECT_EQ(get(start()), "a text that is too long for a small buffer!1");
}

TEST(run_coroutine_threadsafe, a_result_that_nobody_fetches_is_dropped_without_a_report) {
    other_loop loop;
    std::string reports;
    loop.run_there([&] {
        loop->set_exception_handler([&](weft::event_loop&, const weft::error_context& c) { reports += c.message; });
    });
    const auto fails = []() -> weft::task<> {
        throw std::runtime_error("no");
        co_return;
    };
    (void)weft::run_coroutine_threadsafe(fails(), *loop);
    get(weft::run_coroutine_threadsafe(add(1, 1), *loop));
    loop.stop();
    EXPECT_EQ(reports, "");
}

TEST(run_coroutine_threadsafe, a_cancelled_task_gives_cancelled_error) {
    other_loop loop;
    auto f = weft::run_coroutine_threadsafe(sleeps(), *loop);
    loop.run_there([&] { loop->tasks().for_each([](weft::task_core& t) { t.cancel(); }); });
    EXPECT_THROW(get(std::move(f)), weft::cancelled_error);
}

TEST(run_coroutine_threadsafe, bad_input_is_refused) {
    weft::event_loop loop;
    EXPECT_THROW((void)weft::run_coroutine_threadsafe(weft::task<>(), loop), weft::invalid_state_error);
    loop.close();
    EXPECT_THROW((void)weft::run_coroutine_threadsafe(sleeps(), loop), weft::invalid_state_error);
    EXPECT_THROW((void)loop.call_soon_threadsafe([] {}), weft::invalid_state_error);
    const auto stepped = []() -> weft::task<> { co_await std::suspend_always(); };
    other_loop other;
    auto t = stepped();
    t.step();
    EXPECT_THROW(get(weft::run_coroutine_threadsafe(std::move(t), *other)), weft::invalid_state_error);
}

TEST(run_coroutine_threadsafe, a_loop_that_closes_completes_what_is_pending) {
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    auto waiting = weft::run_coroutine_threadsafe(sleeps(), loop);
    loop.run_once();
    auto unstarted = weft::run_coroutine_threadsafe(sleeps(), loop);
    loop.close();
    EXPECT_THROW(get(std::move(waiting)), weft::cancelled_error);
    EXPECT_THROW(get(std::move(unstarted)), weft::cancelled_error);
}

TEST(run_coroutine_threadsafe, a_run_that_ends_completes_what_is_pending) {
    gate runs;
    weft::event_loop* loop = nullptr;
    std::thread runner([&] {
        const auto main = [](weft::event_loop*& l, gate& g) -> weft::task<> {
            l = &weft::get_running_loop();
            const auto h = weft::create_task(sleeps());
            l->add_signal_handler(SIGUSR2, [] {});
            g.open();
            while (weft::all_tasks().size() < 3) co_await weft::sleep(1ms);  // until what was submitted is there
        };
        try {
            weft::run(main(loop, runs));
        } catch (...) {
            ADD_FAILURE();
        }
    });
    runs.wait();
    auto f = weft::run_coroutine_threadsafe(sleeps(), *loop);
    EXPECT_THROW(get(std::move(f)), weft::cancelled_error);
    runner.join();
}

TEST(run_coroutine_threadsafe, closing_races_with_submission_and_every_future_is_completed) {
    for (int round = 0; round < 50; ++round) {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        gate begun;
        std::thread submits([&] {
            int completed = 0;
            for (;;) {
                try {
                    auto f = weft::run_coroutine_threadsafe(add(completed, 1), loop);
                    begun.open();
                    EXPECT_EQ(get(std::move(f)), ++completed);
                } catch (const weft::cancelled_error&) {
                } catch (const weft::invalid_state_error&) {
                    return;
                }
            }
        });
        while (!begun.is_open()) loop.run_once(weft::clock::now() + 1ms);
        for (int i = 0; i < round; ++i) loop.run_once(weft::clock::now() + 1ms);
        loop.close();
        submits.join();
    }
}

TEST(run_coroutine_threadsafe, runs_in_a_copy_of_the_senders_context) {
    other_loop loop;
    const weft::context_var<int> v;
    const auto reads = [](const weft::context_var<int>& a) -> weft::task<int> { co_return a.get(-1); };
    EXPECT_EQ(get(weft::run_coroutine_threadsafe(reads(v), *loop)), -1);
    weft::run_in(weft::context(), [&] {
        std::ignore = v.set(1);
        EXPECT_EQ(get(weft::run_coroutine_threadsafe(reads(v), *loop)), 1);
    });
}

TEST(run_coroutine_threadsafe, from_many_threads_at_once) {
    other_loop loop;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i) EXPECT_EQ(get(weft::run_coroutine_threadsafe(add(i, 1), *loop)), i + 1);
        });
    }
    for (auto& t : threads) t.join();
}

}  // namespace
