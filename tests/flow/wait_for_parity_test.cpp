// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/shield.hpp>
#include <weft/flow/wait.hpp>
#include <weft/flow/wait_for.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// What CPython's test_waitfor asserts; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::wait_for;

/// Takes its time, whatever is asked of it.
struct stubborn {
    static constexpr auto takes = 200ms;
    bool ended = false;
    task<> run() {
        const auto until = now() + takes;
        while (now() < until) {
            try {
                co_await weft::sleep_until(until);
            } catch (const weft::cancelled_error&) {
            }
        }
        ended = true;
    }
};

// test_asyncio_wait_for_cancelled
TEST(wait_for_parity, cancelled_it_waits_for_what_takes_its_time) {
    run_in_every_order([]() -> task<> {
        stubborn s;
        const auto began = now();
        const auto h = weft::create_task(wait_for(s.run(), stubborn::takes * 2));
        co_await weft::sleep(1ms);
        h.cancel();
        co_await weft::wait({h});
        EXPECT_TRUE(s.ended);
        EXPECT_EQ(now() - began, stubborn::takes);
    });
}

// test_asyncio_wait_for_timeout
TEST(wait_for_parity, timed_out_it_waits_for_what_takes_its_time) {
    run_in_every_order([]() -> task<> {
        stubborn s;
        const auto began = now();
        co_await ends_with<weft::timeout_error>(wait_for(s.run(), stubborn::takes / 2));
        EXPECT_TRUE(s.ended);
        EXPECT_EQ(now() - began, stubborn::takes);
    });
}

// test_wait_for_timeout_less_then_0_or_0_future_done
TEST(wait_for_parity, of_zero_gives_the_result_of_a_future_that_is_done) {
    run_in_every_order([]() -> task<> {
        const weft::future<std::string> f;
        f.set_result("done");
        EXPECT_EQ(co_await wait_for(f, 0s), "done");
        EXPECT_TRUE(f.done());
    });
}

// tasks._cancel_and_wait
TEST(wait_for_parity, of_zero_takes_a_turn_to_cancel_what_ends_at_once) {
    run_in_every_order([]() -> task<> {
        const weft::future<> never;
        const auto waiting = create_task(wait_for(never, 0s), {.eager_start = true});
        EXPECT_TRUE(never.cancelled());
        EXPECT_FALSE(waiting.done());
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(waiting));
    });
}

// test_wait_for_timeout_less_then_0_or_0_coroutine_do_not_started
TEST(wait_for_parity, of_zero_does_not_start_a_coroutine) {
    run_in_every_order([]() -> task<> {
        bool started = false;
        const auto body = [&]() -> task<> {
            started = true;
            co_return;
        };
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(wait_for(body(), 0s)));
        EXPECT_FALSE(started);
    });
}

// test_wait_for_timeout_less_then_0_or_0, test_wait_for
TEST(wait_for_parity, cancels_a_task_that_takes_too_long_and_waits_for_its_end) {
    for (const weft::clock::duration limit : {0ms, -1000ms, 100ms}) {
        run_in_every_order([=]() -> task<> {
            std::optional<bool> running;
            const weft::future<> started;
            const auto body = [&]() -> task<std::string> {
                struct while_running {
                    std::optional<bool>& r;
                    ~while_running() { r = false; }
                } const running_here{running};
                running = true;
                started.set_result();
                co_await weft::sleep(10s);
                co_return "done";
            };
            const auto h = weft::create_task(body());
            co_await started;
            EXPECT_TRUE(co_await ends_with<weft::timeout_error>(wait_for(h, limit)));
            EXPECT_TRUE(h.done());
            EXPECT_TRUE(h.cancelled());
            EXPECT_EQ(running, false);
        });
    }
}

// test_wait_for_blocking
TEST(wait_for_parity, without_a_limit_it_awaits) {
    run_in_every_order([]() -> task<> {
        EXPECT_EQ(co_await wait_for(number_after(1h, 42), std::nullopt), 42);
        EXPECT_EQ(co_await wait_for(number_after(0s, 43), std::nullopt), 43);
    });
}

// test_wait_for_race_condition
TEST(wait_for_parity, a_future_that_is_done_in_time_gives_its_result) {
    run_in_every_order([]() -> task<> {
        const weft::future<std::string> f;
        auto waits = wait_for(f, 200ms);
        weft::get_running_loop().call_soon([f] { f.set_result("ok"); });
        EXPECT_EQ(co_await std::move(waits), "ok");
    });
}

// test_wait_for_cancellation_race_condition, test_wait_for_cancel_suppressed
TEST(wait_for_parity, a_coroutine_that_swallows_the_cancellation_gives_its_result) {
    run_in_every_order([]() -> task<> {
        const auto swallows = []() -> task<int> {
            EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(number_after(1s, 0)));
            co_return 42;
        };
        EXPECT_EQ(co_await wait_for(swallows(), 10ms), 42);
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

// test_wait_for_waits_for_task_cancellation, test_wait_for_waits_for_task_cancellation_w_timeout_0
TEST(wait_for_parity, it_waits_for_the_cleanup_of_a_task_before_it_throws) {
    for (const weft::clock::duration limit : {100us, 0us}) {
        run_in_every_order([=]() -> task<> {
            bool done = false;
            const auto body = [&]() -> task<> {
                std::exception_ptr end;
                try {
                    co_await cleans_up_for(100us);
                } catch (...) {
                    end = std::current_exception();
                }
                done = true;
                std::rethrow_exception(end);
            };
            const auto h = weft::create_task(body());
            co_await weft::sleep(100us);
            const auto began = now();
            EXPECT_TRUE(co_await ends_with<weft::timeout_error>(wait_for(h, limit)));
            EXPECT_TRUE(done);
            EXPECT_EQ(now() - began, limit + 100us);
        });
    }
}

// test_wait_for_reraises_exception_during_cancellation
TEST(wait_for_parity, an_error_in_place_of_the_cancellation_is_what_it_throws) {
    for (const weft::clock::duration limit : {100us, 0us}) {
        run_in_every_order([=]() -> task<> {
            const auto h = weft::create_task(crashes_when_cancelled());
            co_await weft::sleep(100us);
            EXPECT_TRUE(co_await ends_with<crash>(wait_for(h, limit)));
        });
    }
}

// test_cancel_blocking_wait_for, test_cancel_wait_for
TEST(wait_for_parity, cancelled_it_cancels_the_task_it_waits_for) {
    for (const bool limited : {true, false}) {
        run_in_every_order([=]() -> task<> {
            const auto blocks = []() -> task<> { co_await weft::future<>(); };
            const auto h = weft::create_task(blocks());
            const auto waits = weft::create_task(limited ? wait_for(h, 60s) : wait_for(h, std::nullopt));
            co_await weft::yield_now();
            weft::get_running_loop().call_later(1s, [=] { waits.cancel(); });
            EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(waits));
            EXPECT_TRUE(h.cancelled());
        });
    }
}

// test_wait_for_issue86296: in first-come order, in which the inner task is done in the turn before the cancellation
TEST(wait_for_parity, cancelled_after_the_task_was_done_it_is_cancelled_and_the_result_stays) {
    weft::testing::run([]() -> task<> {
        const auto inner = weft::create_task([]() -> task<std::string> { co_return "done"; });
        bool ran_on = false;
        const auto outer = [&]() -> task<> {
            co_await wait_for(inner, 100s);
            co_await weft::sleep(1s);
            ran_on = true;
        };
        const auto h = weft::create_task(outer());
        EXPECT_FALSE(h.done());
        co_await weft::yield_now();
        h.cancel();
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        EXPECT_TRUE(inner.done());
        EXPECT_EQ(co_await inner, "done");
        EXPECT_FALSE(ran_on);
    }());
}

// WaitForShieldTests

// test_zero_timeout
TEST(wait_for_parity, of_zero_and_a_shield_leaves_the_task_alone) {
    run_in_every_order([]() -> task<> {
        const auto h = weft::create_task(number_after(10ms, 42));
        const auto shielded = weft::shield(h);
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(wait_for(shielded, 0s)));
        EXPECT_FALSE(h.done());
        EXPECT_TRUE(shielded.cancelled());
        co_await weft::sleep(100ms);
        EXPECT_EQ(h.result(), 42);
    });
}

// test_none_timeout
TEST(wait_for_parity, without_a_limit_a_shielded_task_is_awaited) {
    run_in_every_order([]() -> task<> {
        const auto h = weft::create_task(number_after(100ms, 42));
        EXPECT_EQ(co_await wait_for(weft::shield(h), std::nullopt), 42);
        EXPECT_TRUE(h.done());
        EXPECT_EQ(co_await h, 42);
    });
}

// test_shielded_timeout
TEST(wait_for_parity, a_timeout_leaves_a_shielded_task_alone) {
    run_in_every_order([]() -> task<> {
        const auto h = weft::create_task(number_after(100ms, 42));
        EXPECT_TRUE(co_await ends_with<weft::timeout_error>(wait_for(weft::shield(h), 10ms)));
        EXPECT_FALSE(h.done());
        EXPECT_EQ(co_await h, 42);
    });
}

}  // namespace
