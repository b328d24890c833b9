// SPDX-License-Identifier: Apache-2.0
#include "exec/threads.hpp"

#include <weft/exec/call.hpp>
#include <weft/exec/run_coroutine_threadsafe.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/select.hpp>
#include <weft/flow/sleep.hpp>
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

/// A coroutine to be called that says when it waits, and how it ended.
struct callee {
    gate waits, ended;
    std::string how;
    bool swallows = false;

    weft::task<int> run() {
        const bool s = swallows;
        bool swallowed = false;
        try {
            waits.open();
            co_await weft::sleep(24h);
            how = "slept";
        } catch (const weft::cancelled_error&) {
            how = "cancelled";
            ended.open();
            if (!s) throw;
            swallowed = true;
        }
        co_return swallowed ? 1 : 0;
    }
};
const auto run_callee = [](callee& c) -> weft::task<int> { return c.run(); };

TEST(call, runs_a_function_on_the_other_loops_thread) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<> {
        const auto [id, loop] = co_await weft::call(
            *o, [] { return std::pair(std::this_thread::get_id(), &weft::get_running_loop()); });
        EXPECT_EQ(id, o.thread_id());
        EXPECT_EQ(loop, &*o);
    };
    weft::run(main(other));
}

TEST(call, runs_a_coroutine_there) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<> {
        const auto f = [](int a, int b) -> weft::task<std::string> {
            co_await weft::yield_now();
            co_await weft::sleep(1ms);
            EXPECT_NE(weft::get_running_loop().current_task(), nullptr);
            co_return std::to_string(a + b);
        };
        EXPECT_EQ(co_await weft::call(*o, f, 1, 2), "3");
    };
    weft::run(main(other));
}

TEST(call, gives_every_kind_of_result) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<> {
        int i = 0;
        co_await weft::call(*o, [](int& r) { r = 1; }, std::ref(i));
        EXPECT_EQ(i, 1);
        EXPECT_EQ(&co_await weft::call(*o, [](int& r) -> int& { return r; }, std::ref(i)), &i);
        EXPECT_EQ(&co_await weft::call(*o, [](int& r) -> weft::task<int&> { co_return r; }, std::ref(i)), &i);
        EXPECT_EQ(*co_await weft::call(*o, [](std::unique_ptr<int> p) { return p; }, std::make_unique<int>(2)), 2);
        const auto coroutine = [](std::unique_ptr<int> p) -> weft::task<std::unique_ptr<int>> { co_return std::move(p); };
        EXPECT_EQ(*co_await weft::call(*o, coroutine, std::make_unique<int>(3)), 3);
        const auto nothing = []() -> weft::task<> { co_return; };
        co_await weft::call(*o, nothing);
        std::string said;
        try {
            co_await weft::call(*o, [] { throw std::runtime_error("no"); });
        } catch (const std::runtime_error& e) {
            said = e.what();
        }
        EXPECT_EQ(said, "no");
        const auto fails = []() -> weft::task<int> {
            co_await weft::yield_now();
            throw 4;
        };
        int caught = 0;
        try {
            co_await weft::call(*o, fails);
        } catch (int thrown) {
            caught = thrown;
        }
        EXPECT_EQ(caught, 4);
    };
    weft::run(main(other));
}

TEST(call, to_its_own_loop_works_and_leaves_a_virtual_clock_free) {
    const auto main = []() -> weft::task<int> {
        const auto f = []() -> weft::task<int> {
            co_await weft::sleep(1000h);
            co_return 5;
        };
        co_return co_await weft::call(weft::get_running_loop(), f);
    };
    EXPECT_EQ(weft::testing::run(main()), 5);
}

TEST(call, does_nothing_until_it_is_awaited_and_only_once) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<> {
        std::atomic<int> calls = 0, alive = 0;
        {
            const auto never = weft::call(*o, [c = counted(alive), &calls] { ++calls; });
        }
        EXPECT_EQ(alive, 0);
        auto later = weft::call(*o, [&calls] { return ++calls; });
        EXPECT_EQ(co_await later, 1);
        bool refused = false;
        try {
            co_await later;
        } catch (const weft::invalid_state_error&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
        const auto [a, b] = co_await weft::gather(weft::call(*o, [] { return 1; }), weft::call(*o, [] { return 2; }));
        EXPECT_EQ(a + b, 3);
    };
    weft::run(main(other));
}

TEST(call, two_loops_call_each_other_at_once) {
    other_loop a, b;
    const auto ping = [](weft::event_loop& to) -> weft::task<int> {
        int sum = 0;
        for (int i = 0; i < 500; ++i) sum += co_await weft::call(to, [i] { return i; });
        co_return sum;
    };
    auto fa = weft::run_coroutine_threadsafe(ping(*b), *a);
    auto fb = weft::run_coroutine_threadsafe(ping(*a), *b);
    EXPECT_EQ(get(std::move(fa)), 500 * 499 / 2);
    EXPECT_EQ(get(std::move(fb)), 500 * 499 / 2);
}

TEST(call, runs_in_a_copy_of_the_callers_context) {
    other_loop other;
    const weft::context_var<int> v;
    const auto main = [](other_loop& o, const weft::context_var<int>& a) -> weft::task<> {
        std::ignore = a.set(1);
        const auto function = [&a] {
            const int seen = a.get();
            std::ignore = a.set(2);
            return seen;
        };
        const auto coroutine = [&a]() -> weft::task<int> {
            const int seen = a.get();
            std::ignore = a.set(3);
            co_return seen;
        };
        EXPECT_EQ(co_await weft::call(*o, function), 1);
        EXPECT_EQ(co_await weft::call(*o, coroutine), 1);
        EXPECT_EQ(a.get(), 1);
        o.run_there([&a] { EXPECT_EQ(a.get(-1), 1); });  // that callback is this task's as well
    };
    weft::run(main(other, v));
    other.run_there([&v] { EXPECT_EQ(v.get(-1), -1); });
}

TEST(call, may_be_one_of_several_in_select) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<> {
        callee c;
        const auto first = co_await weft::select(weft::call(*o, run_callee, std::ref(c)), weft::sleep(1ms));
        EXPECT_EQ(first.index(), 1u);
        c.ended.wait();
        EXPECT_EQ(c.how, "cancelled");
        const auto second = co_await weft::select(weft::call(*o, [] { return 5; }), weft::sleep(24h));
        EXPECT_EQ(std::get<0>(second), 5);
        o.run_there([] {});  // in line after the rest of it
    };
    weft::run(main(other));
}

// Loops that close

TEST(call, to_a_closed_loop_says_so) {
    const auto main = []() -> weft::task<std::string> {
        weft::event_loop closed;
        closed.close();
        std::atomic<int> alive = 0;
        std::string said;
        try {
            co_await weft::call(closed, [c = counted(alive)] {});
        } catch (const weft::invalid_state_error& e) {
            said = e.what();
        }
        EXPECT_EQ(alive, 0);
        co_return said;
    };
    EXPECT_EQ(weft::run(main()), "call: the event loop that was called is closed");
}

TEST(call, to_a_loop_that_closes_before_it_began_or_before_it_ended_says_so) {
    const auto main = []() -> weft::task<> {
        auto other = std::make_unique<other_loop>();
        (**other).set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        callee c;
        const auto begun = weft::create_task(weft::call(**other, run_callee, std::ref(c)));
        co_await weft::yield_now();
        c.waits.wait();
        other->stop();
        const auto unbegun = weft::create_task(weft::call(**other, run_callee, std::ref(c)));
        co_await weft::yield_now();
        other.reset();  // on this thread, now that the other has ended
        for (const auto& h : {begun, unbegun}) {
            bool refused = false;
            try {
                co_await h;
            } catch (const weft::invalid_state_error&) {
                refused = true;
            }
            EXPECT_TRUE(refused);
        }
        EXPECT_EQ(c.how, "");
    };
    weft::run(main());
}

TEST(call, to_a_run_that_ends_says_so) {
    gate runs, may_end;
    weft::event_loop* loop = nullptr;
    weft::event_loop own;
    std::thread other([&] {
        const auto main = [](weft::event_loop*& l, gate& r, gate& e) -> weft::task<> {
            l = &weft::get_running_loop();
            r.open();
            while (!e.is_open()) co_await weft::sleep(1ms);
        };
        weft::run(main(loop, runs, may_end));
    });
    runs.wait();
    const auto main = [](weft::event_loop& l, gate& e) -> weft::task<bool> {
        callee c;
        const auto h = weft::create_task(weft::call(l, run_callee, std::ref(c)));
        co_await weft::yield_now();
        c.waits.wait();
        e.open();
        try {
            co_await h;
        } catch (const weft::invalid_state_error&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(own.run_until_complete(main(*loop, may_end)));
    other.join();
}

// Cancellation

TEST(call, cancelled_while_waiting_cancels_the_callee_and_waits_for_it) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<> {
        callee c;
        const auto h = weft::create_task(weft::call(*o, run_callee, std::ref(c)));
        co_await weft::yield_now();
        c.waits.wait();
        h.cancel();
        bool cancelled = false;
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        EXPECT_EQ(c.how, "cancelled");
    };
    weft::run(main(other));
}

TEST(call, a_callee_that_swallows_the_cancellation_gives_its_result) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<> {
        callee c;
        c.swallows = true;
        const auto h = weft::create_task(weft::call(*o, run_callee, std::ref(c)));
        co_await weft::yield_now();
        c.waits.wait();
        h.cancel();
        EXPECT_EQ(co_await h, 1);
        EXPECT_EQ(h.cancelling(), 1u);
    };
    weft::run(main(other));
}

TEST(call, cancelled_before_it_began_is_never_made) {
    const auto main = []() -> weft::task<> {
        weft::event_loop idle;  // nobody runs it
        std::atomic<int> calls = 0, alive = 0;
        const auto h = weft::create_task(weft::call(idle, [c = counted(alive), &calls] { ++calls; }));
        co_await weft::yield_now();
        EXPECT_EQ(alive, 1);
        h.cancel();
        EXPECT_EQ(alive, 0);
        co_await weft::yield_now();
        EXPECT_TRUE(h.cancelled());
        co_await weft::yield_now();
        idle.close();
        EXPECT_EQ(calls, 0);
    };
    weft::run(main());
}

TEST(call, a_cancellation_that_comes_too_late_for_the_callee_is_not_lost) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<> {
        gate begun, may_end;
        const auto h = weft::create_task(weft::call(*o, [&] {
            begun.open();
            may_end.wait();
            return 1;
        }));
        co_await weft::yield_now();
        begun.wait();
        h.cancel();  // it has begun and waits for nothing: it cannot hear this before it has ended
        may_end.open();
        bool cancelled = false;
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
    };
    weft::run(main(other));
}

TEST(call, a_callee_cancelled_by_somebody_else_gives_cancelled_error) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<bool> {
        const auto f = []() -> weft::task<> {
            weft::current_task_core().cancel();
            co_await weft::yield_now();
        };
        try {
            co_await weft::call(*o, f);
        } catch (const weft::cancelled_error&) {
            co_return weft::current_task_core().cancelling() == 0;
        }
        co_return false;
    };
    EXPECT_TRUE(weft::run(main(other)));
}

TEST(call, destroyed_while_waiting_cancels_the_callee_and_its_result_goes_nowhere) {
    other_loop other;
    callee c;
    c.swallows = true;
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [](other_loop& o, callee& called) -> weft::task<> {
            co_await weft::call(*o, run_callee, std::ref(called));
        };
        const auto h = weft::create_task_on(loop, main(other, c));
        loop.run_once();
        c.waits.wait();
    }
    c.ended.wait();
    EXPECT_EQ(c.how, "cancelled");
    other.run_there([] {});  // in line after the rest of it
}

TEST(call, destroyed_while_waiting_before_it_began) {
    weft::event_loop idle;
    std::atomic<int> calls = 0, alive = 0;
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto h = weft::create_task_on(loop, to_task(weft::call(idle, [c = counted(alive), &calls] { ++calls; })));
        loop.run_once();
        EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
    idle.run_once();
    EXPECT_EQ(calls, 0);
}

TEST(call, cancelled_at_random_moments_loses_nothing) {
    other_loop other;
    std::atomic<int> alive = 0;
    const auto main = [](other_loop& o, std::atomic<int>& a) -> weft::task<> {
        const auto f = [](counted c) -> weft::task<counted> {
            co_await weft::yield_now();
            co_return counted(c);
        };
        for (int round = 0; round < 1000; ++round) {
            const auto h = weft::create_task(weft::call(*o, f, counted(a)));
            for (int k = 0; k < round % 11; ++k) co_await weft::yield_now();
            if (round % 3) co_await weft::sleep(std::chrono::microseconds(round % 50));
            const bool asked = h.cancel();
            if (asked) h.cancel();
            bool cancelled = false;
            try {
                (void)co_await h;
            } catch (const weft::cancelled_error&) {
                cancelled = true;
            }
            EXPECT_EQ(asked, cancelled);
        }
    };
    weft::run(main(other, alive));
    other.run_there([] {});
    EXPECT_EQ(alive, 0);
}

}  // namespace
