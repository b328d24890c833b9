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

TEST(call, runs_a_function_on_the_other_loops_thread) {
    other_loop other;
    const auto main = [](other_loop& o) -> weft::task<> {
        const auto [id, loop] =
            co_await weft::call(*o, [] { return std::pair(std::this_thread::get_id(), &weft::get_running_loop()); });
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
        const auto coroutine = [](std::unique_ptr<int> p) -> weft::task<std::unique_ptr<int>> {
            co_return std::move(p);
        };
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
        const auto begun =
            weft::create_task([](gate& g) -> weft::task<> { co_return void(g.wait()); }, std::ref(c.waits));
        const auto first = co_await weft::select(weft::call(*o, run_callee, std::ref(c)), begun);
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

}  // namespace
