// SPDX-License-Identifier: Apache-2.0
#include "exec/threads.hpp"

#include <optional>
#include <stdexcept>
#include <weft/exec/call.hpp>
#include <weft/flow/move_on_after.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/run.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

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

TEST(call, what_came_back_is_handed_over_though_the_task_was_cancelled_meanwhile) {
    const auto main = []() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        std::optional<weft::task_handle<int>> h;
        int got = 0;
        h = weft::create_task([&]() -> weft::task<int> {
            got = co_await weft::call(loop, [&] {
                loop.call_soon([&] { h->cancel(); });
                return 7;
            });
            co_await weft::yield_now();
            co_return got;
        });
        EXPECT_THROW((void)co_await *h, weft::cancelled_error);
        EXPECT_EQ(got, 7);
    };
    weft::testing::run(main());
}

TEST(call, within_a_scope_what_the_callee_returns_or_throws_in_its_cleanup_is_not_lost) {
    const auto main = []() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        int got = 0;
        (void)co_await weft::move_on_after(1s, [&]() -> weft::task<> {
            got = co_await weft::call(loop, []() -> weft::task<int> {
                try {
                    co_await weft::sleep(1h);
                } catch (const weft::cancelled_error&) {
                }
                co_return 5;
            });
        });
        EXPECT_EQ(got, 5);
        const auto failing = [&]() -> weft::task<> {
            (void)co_await weft::move_on_after(1s, [&]() -> weft::task<> {
                co_await weft::call(loop, []() -> weft::task<> {
                    try {
                        co_await weft::sleep(1h);
                    } catch (const weft::cancelled_error&) {
                        throw std::runtime_error("disk full");
                    }
                });
            });
        };
        EXPECT_THROW(co_await failing(), std::runtime_error);
    };
    weft::testing::run(main());
}

TEST(call, a_second_request_that_comes_too_late_for_the_callee_is_raised_at_the_next_await) {
    const auto main = []() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        std::optional<weft::task_handle<int>> h;
        const auto callee = [&]() -> weft::task<int> {
            try {
                co_await weft::sleep(1h);
            } catch (const weft::cancelled_error&) {
            }
            loop.call_soon([&] { h->cancel(); });
            co_return 5;
        };
        h = weft::create_task([&]() -> weft::task<int> {
            const int v = co_await weft::call(loop, callee);
            co_await weft::yield_now();
            co_return v;
        });
        co_await weft::sleep(1s);
        h->cancel();
        EXPECT_THROW((void)co_await *h, weft::cancelled_error);
        EXPECT_EQ(h->cancelling(), 2u);
    };
    weft::testing::run(main());
}

}  // namespace
