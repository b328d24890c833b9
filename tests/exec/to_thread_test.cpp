// SPDX-License-Identifier: Apache-2.0
#include "exec/threads.hpp"

#include <weft/exec/run_in_executor.hpp>
#include <weft/exec/thread_pool.hpp>
#include <weft/exec/to_thread.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/select.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/context_var.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

TEST(to_thread, lets_the_loop_go_on_meanwhile) {
    const auto main = []() -> weft::task<> {
        held_call held;
        const auto h = weft::create_task(weft::to_thread(std::ref(held)));
        int turns = 0;
        while (!held.begun.is_open()) {
            co_await weft::yield_now();
            ++turns;
        }
        held.may_end.open();
        EXPECT_EQ(co_await h, 7);
        EXPECT_GT(turns, 0);
    };
    weft::run(main());
}

TEST(to_thread, does_nothing_until_it_is_awaited) {
    const auto main = []() -> weft::task<> {
        std::atomic<int> calls = 0, alive = 0;
        {
            const auto never = weft::to_thread([c = counted(alive), &calls] { ++calls; });
            co_await weft::yield_now();
        }
        EXPECT_EQ(alive, 0);
        EXPECT_FALSE(weft::get_running_loop().has_default_executor());
        auto later = weft::to_thread([&calls] { return ++calls; });
        EXPECT_EQ(co_await later, 1);
        bool refused = false;
        try {
            co_await later;
        } catch (const weft::invalid_state_error&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    };
    weft::run(main());
}

TEST(to_thread, can_be_a_task_and_be_gathered) {
    const auto main = []() -> weft::task<> {
        const auto [a, b, c] = co_await weft::gather(
            weft::to_thread([] { return 1; }), weft::create_task(weft::to_thread([] { return std::string("2"); })),
            weft::to_thread([] {}));
        EXPECT_EQ(a, 1);
        EXPECT_EQ(b, "2");
        EXPECT_EQ(c, std::monostate());
    };
    weft::run(main());
}

TEST(to_thread, stepped_by_hand_is_refused) {
    auto t = []() -> weft::task<> { co_await weft::to_thread([] {}); }();
    EXPECT_THROW(t.step(), weft::no_running_loop_error);
}

TEST(to_thread, a_virtual_clock_does_not_jump_over_a_call) {
    const auto main = []() -> weft::task<std::string> {
        std::string log;
        const auto sleeps = [](std::string& l) -> weft::task<> {
            co_await weft::sleep(1h);
            l += "slept ";
        };
        const auto calls = [](std::string& l) -> weft::task<> {
            for (int i = 0; i < 10; ++i) co_await weft::to_thread([] {});
            l += "called ";
        };
        co_await weft::gather(sleeps(log), calls(log));
        co_return log;
    };
    EXPECT_EQ(weft::testing::run(main()), "called slept ");
}

TEST(to_thread, a_call_that_was_given_up_does_not_hold_a_virtual_clock) {
    held_call held;
    const auto main = [](held_call& call) -> weft::task<> {
        const auto h = weft::create_task(weft::to_thread(std::ref(call)));
        co_await weft::yield_now();
        call.begun.wait();
        h.cancel();
        co_await weft::sleep(1000h);
        call.may_end.open();  // run() waits for the thread
    };
    weft::testing::run(main(held));
}

// Context variables

TEST(to_thread, a_call_sees_its_callers_variables_and_what_it_sets_is_its_own) {
    const weft::context_var<int> v, other;
    const auto main = [](const weft::context_var<int>& a, const weft::context_var<int>& b) -> weft::task<> {
        weft::thread_pool pool(1);
        std::ignore = a.set(1);
        EXPECT_EQ(co_await pool.run([&] {
            const int seen = a.get();
            std::ignore = a.set(2);
            std::ignore = b.set(3);
            EXPECT_EQ(a.get(), 2);
            return seen;
        }),
                  1);
        EXPECT_EQ(a.get(), 1);
        EXPECT_EQ(co_await pool.run([&] { return b.get(-1); }), -1);  // the thread has kept nothing
        EXPECT_EQ(co_await weft::run_in_executor(pool, [&] { return a.get(-1); }), -1);
        EXPECT_EQ(get(pool.submit([&] {
                      std::ignore = a.set(4);
                      return a.get();
                  })),
                  4);
    };
    weft::run(main(v, other));
}

TEST(to_thread, a_token_that_leaves_a_call_cannot_reach_into_the_next) {
    const weft::context_var<int> v;
    const auto main = [](const weft::context_var<int>& a) -> weft::task<> {
        weft::thread_pool pool(1);
        auto token = co_await pool.run([&] { return a.set(1); });
        co_await pool.run([&] { EXPECT_THROW(a.reset(token), weft::invalid_state_error); });
    };
    weft::run(main(v));
}

// Cancellation

TEST(to_thread, cancelled_before_it_began_is_never_called) {
    const auto main = []() -> weft::task<> {
        weft::thread_pool pool(1);
        held_call held;
        std::atomic<int> alive = 0, calls = 0;
        const auto runs = weft::create_task(pool.run(std::ref(held)));
        const auto waits = weft::create_task(pool.run([c = counted(alive), &calls] { ++calls; }));
        co_await weft::yield_now();
        held.begun.wait();
        EXPECT_EQ(alive, 1);
        waits.cancel();
        EXPECT_EQ(alive, 0);  // what it would have called is gone at once
        co_await weft::yield_now();
        EXPECT_TRUE(waits.cancelled());
        held.may_end.open();
        EXPECT_EQ(co_await runs, 7);
        co_await pool.run([] {});  // after it, in line
        EXPECT_EQ(calls, 0);
    };
    weft::run(main());
}

TEST(to_thread, cancelled_while_it_runs_ends_the_wait_and_its_result_goes_nowhere) {
    const auto main = []() -> weft::task<> {
        weft::thread_pool pool(1);
        held_call held;
        std::atomic<int> alive = 0;
        const auto h = weft::create_task(pool.run([&held, &alive] {
            held();
            return counted(alive);
        }));
        co_await weft::yield_now();
        held.begun.wait();
        h.cancel();
        bool cancelled = false;
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        held.may_end.open();
        co_await pool.run([] {});  // after it, in line
        EXPECT_EQ(alive, 0);
    };
    weft::run(main());
}

TEST(to_thread, what_an_abandoned_call_throws_goes_nowhere) {
    std::vector<std::string> reports;
    const auto main = [](std::vector<std::string>& r) -> weft::task<> {
        weft::get_running_loop().set_exception_handler(
            [&r](weft::event_loop&, const weft::error_context& c) { r.push_back(c.message); });
        held_call held;
        const auto h = weft::create_task(weft::to_thread([&held] {
            held();
            throw std::runtime_error("too late");
        }));
        co_await weft::yield_now();
        held.begun.wait();
        h.cancel();
        co_await weft::yield_now();
        EXPECT_TRUE(h.cancelled());
        held.may_end.open();
        co_await weft::get_running_loop().shutdown_default_executor();
    };
    weft::run(main(reports));
    EXPECT_TRUE(reports.empty());
}

TEST(to_thread, cancelled_when_it_has_come_back_but_not_been_resumed_is_cancelled) {
    const auto main = []() -> weft::task<> {
        std::atomic<int> alive = 0;
        const auto h = weft::create_task(weft::to_thread([&alive] { return counted(alive); }));
        co_await weft::yield_now();
        // This task is in line before what comes from the inbox, and so between that and the task that it wakes.
        while (h.core().waiting_at()) co_await weft::yield_now();
        EXPECT_FALSE(h.done());
        EXPECT_EQ(alive, 1);
        EXPECT_TRUE(h.cancel());
        co_await weft::yield_now();
        EXPECT_TRUE(h.cancelled());
        EXPECT_EQ(alive, 0);
    };
    weft::run(main());
}

TEST(to_thread, what_has_come_back_is_given_and_the_cancellation_waits_for_the_next_await) {
    const auto main = []() -> weft::task<> {
        int given = 0;
        const auto h = weft::create_task([](int& g) -> weft::task<> {
            g = co_await weft::to_thread([] { return 7; });
            co_await weft::yield_now();
            g = 0;
        }(given));
        co_await weft::yield_now();
        while (h.core().waiting_at()) co_await weft::yield_now();
        EXPECT_TRUE(h.cancel());
        while (!h.done()) co_await weft::yield_now();
        EXPECT_TRUE(h.cancelled());
        EXPECT_EQ(given, 7);
    };
    weft::run(main());
}

TEST(to_thread, may_be_one_of_several_in_select) {
    held_call call;
    const auto main = [](held_call& held) -> weft::task<> {
        const auto first = co_await weft::select(weft::to_thread(std::ref(held)), weft::sleep(1ms));
        EXPECT_EQ(first.index(), 1u);
        held.may_end.open();
        const auto second = co_await weft::select(weft::to_thread([] { return 5; }), weft::sleep(24h));
        EXPECT_EQ(std::get<0>(second), 5);
    };
    weft::run(main(call));
}

TEST(to_thread, cancelled_before_it_is_awaited_is_not_called) {
    const auto main = []() -> weft::task<> {
        std::atomic<int> calls = 0;
        weft::current_task_core().cancel();
        bool cancelled = false;
        try {
            co_await weft::to_thread([&calls] { ++calls; });
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        co_await weft::to_thread([] {});  // the cancellation has been raised once
        EXPECT_EQ(calls, 0);
    };
    weft::run(main());
}

// Destruction

TEST(to_thread, destroyed_while_waiting_before_the_call_began) {
    weft::thread_pool pool(1);
    held_call held;
    auto runs = pool.submit(std::ref(held));
    std::atomic<int> alive = 0, calls = 0;
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [](weft::thread_pool& p, std::atomic<int>& a, std::atomic<int>& c) -> weft::task<> {
            co_await p.run([x = counted(a), &c] { ++c; });
        };
        const auto h = weft::create_task_on(loop, main(pool, alive, calls));
        loop.run_once();
        EXPECT_GT(alive, 0);
    }
    EXPECT_EQ(alive, 0);
    held.may_end.open();
    get(std::move(runs));
    get(pool.submit([] {}));
    EXPECT_EQ(calls, 0);
}

TEST(to_thread, destroyed_with_its_loop_while_the_call_runs) {
    weft::thread_pool pool(1);
    held_call held;
    std::atomic<int> alive = 0;
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [](weft::thread_pool& p, held_call& h, std::atomic<int>& a) -> weft::task<> {
            co_await p.run([&h, &a] {
                h();
                return counted(a);
            });
        };
        const auto h = weft::create_task_on(loop, main(pool, held, alive));
        loop.run_once();
        held.begun.wait();
    }
    held.may_end.open();  // there is no loop to come back to
    get(pool.submit([] {}));
    EXPECT_EQ(alive, 0);
}

TEST(to_thread, its_loop_may_close_at_the_moment_in_which_the_call_ends) {
    weft::thread_pool pool(2);
    for (int round = 0; round < 300; ++round) {
        auto loop = std::make_unique<weft::event_loop>();
        loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [](weft::thread_pool& p, gate& g) -> weft::task<> { co_await p.run([&g] { g.open(); }); };
        gate runs;
        const auto h = weft::create_task_on(*loop, main(pool, runs));
        loop->run_once();
        runs.wait();
        if (round % 2) loop->run_once(weft::clock::now() + std::chrono::microseconds(round % 50));
        loop->close();
        loop.reset();
    }
}

TEST(to_thread, cancelled_at_random_moments_loses_and_leaks_nothing) {
    std::atomic<int> alive = 0;
    const auto main = [](std::atomic<int>& a) -> weft::task<> {
        weft::thread_pool pool(3);
        int given = 0, cancelled = 0;
        for (int round = 0; round < 1000; ++round) {
            const auto h = weft::create_task(pool.run([c = counted(a), &a] { return counted(a); }));
            for (int k = 0; k < round % 7; ++k) co_await weft::yield_now();
            h.cancel();
            bool was_cancelled = false;
            try {
                (void)co_await h;
            } catch (const weft::cancelled_error&) {
                was_cancelled = true;
            }
            ++(was_cancelled ? cancelled : given);
        }
        EXPECT_EQ(given + cancelled, 1000);
    };
    weft::run(main(alive));
    EXPECT_EQ(alive, 0);
}

}  // namespace
