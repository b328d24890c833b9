// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/wait.hpp>
#include <weft/loop/task_handle.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// What CPython's test_tasks asserts of cancelling a task; docs/parity-tasks.md lists all of it. What a cancellation says is
// task_handle_cancel_message_parity_test.cpp.

namespace {

using namespace parity;
using weft::cancelled_error;
using weft::create_task;
using weft::current_task;
using weft::future;

/// Lets everything that is ready run.
auto settle() { return weft::sleep(1ms); }

// test_cancelling
TEST(task_handle_cancel_parity, every_request_is_taken_and_counted_until_it_is_done) {
    run_in_every_order([]() -> task<> {
        const auto h = create_task(number_after(10s, 1));
        EXPECT_EQ(h.cancelling(), 0u);
        EXPECT_TRUE(h.cancel());
        EXPECT_EQ(h.cancelling(), 1u);
        EXPECT_TRUE(h.cancel());
        EXPECT_EQ(h.cancelling(), 2u);
        EXPECT_TRUE(co_await ends_with<cancelled_error>(h));
    });
}

// test_uncancel_basic
TEST(task_handle_cancel_parity, a_request_that_is_taken_back_leaves_no_trace) {
    run_in_every_order([]() -> task<> {
        const auto body = []() -> task<> {
            EXPECT_TRUE(co_await ends_with<cancelled_error>(number_after(10s, 1)));
            current_task().uncancel();
            co_await weft::sleep(10s);
        };
        const auto h = create_task(body());
        co_await settle();
        EXPECT_TRUE(h.cancel());
        EXPECT_EQ(h.cancelling(), 1u);
        EXPECT_FALSE(h.cancelled());
        co_await settle();
        EXPECT_EQ(h.cancelling(), 0u);
        EXPECT_FALSE(h.cancelled());
        EXPECT_TRUE(h.cancel());
        EXPECT_EQ(h.cancelling(), 1u);
        EXPECT_FALSE(h.cancelled());
        EXPECT_TRUE(co_await ends_with<cancelled_error>(h));
        EXPECT_TRUE(h.cancelled());
        h.uncancel();
        EXPECT_TRUE(h.cancelled());
        EXPECT_TRUE(h.done());
    });
}

/// A block with a deadline, written by hand.
struct outcome_of_block {
    bool timed_out = false;
    bool block_finished = false;
    bool went_on = false;
};
task<outcome_of_block> block_with_timeout(weft::clock::duration takes, weft::clock::duration limit) {
    outcome_of_block o;
    const auto self = current_task();
    const auto timer = weft::get_running_loop().call_later(limit, [&o, self] {
        o.timed_out = true;
        self.cancel();
    });
    std::exception_ptr cancellation;
    try {
        co_await weft::sleep(takes);
        o.block_finished = true;
    } catch (const cancelled_error&) {
        cancellation = std::current_exception();
    }
    timer.cancel();
    if (cancellation && !(o.timed_out && self.uncancel() == 0)) std::rethrow_exception(cancellation);
    o.went_on = true;
    co_await weft::yield_now();
    co_return o;
}

// test_uncancel_structured_blocks
TEST(task_handle_cancel_parity, a_block_that_cancels_itself_can_take_it_back_and_go_on) {
    run_in_every_order([]() -> task<> {
        const auto late = create_task(block_with_timeout(10s, 100ms));
        const outcome_of_block a = co_await late;
        EXPECT_TRUE(a.timed_out);
        EXPECT_FALSE(a.block_finished);
        EXPECT_TRUE(a.went_on);
        EXPECT_EQ(late.cancelling(), 0u);
        const auto in_time = create_task(block_with_timeout(0s, 10s));
        const outcome_of_block b = co_await in_time;
        EXPECT_FALSE(b.timed_out);
        EXPECT_TRUE(b.block_finished);
        EXPECT_TRUE(b.went_on);
        EXPECT_EQ(in_time.cancelling(), 0u);
    });
}

// test_uncancel_resets_must_cancel
TEST(task_handle_cancel_parity, taken_back_before_it_is_raised_it_is_not_raised) {
    run_in_every_order([]() -> task<> {
        const future<> f;
        const auto body = [&]() -> task<int> {
            co_await f;
            co_return 42;
        };
        const auto h = create_task(body());
        co_await settle();
        f.set_result();  // the task is ready
        h.cancel();
        EXPECT_EQ(h.cancelling(), 1u);
        h.uncancel();
        EXPECT_EQ(h.cancelling(), 0u);
        EXPECT_EQ(co_await h, 42);
    });
}

// test_cancel, test_cancel_yield, test_task_cancel_sleeping_task, test_sleep_cancel
TEST(task_handle_cancel_parity, a_task_that_sleeps_or_yields_is_cancelled_at_once) {
    run_in_every_order([]() -> task<> {
        const auto yields = []() -> task<int> {
            for (;;) co_await weft::yield_now();
        };
        const auto began = now();
        const auto sleeper = create_task(number_after(5000s, 12));
        co_await weft::sleep(100ms);
        const auto yielder = create_task(yields());
        co_await weft::yield_now();
        EXPECT_TRUE(sleeper.cancel());
        EXPECT_TRUE(yielder.cancel());
        for (const auto& h : {sleeper, yielder}) {
            EXPECT_TRUE(co_await ends_with<cancelled_error>(h));
            EXPECT_TRUE(h.done());
            EXPECT_TRUE(h.cancelled());
            EXPECT_FALSE(h.cancel());
        }
        EXPECT_EQ(now() - began, 100ms);
    });
}

// test_cancel_inner_future, test_cancel_both_task_and_inner_future
TEST(task_handle_cancel_parity, a_future_that_is_cancelled_ends_the_task_that_awaits_it_as_cancelled) {
    for (const bool both : {false, true}) {
        run_in_every_order([=]() -> task<> {
            const future<int> f;
            const auto body = [&]() -> task<int> { co_return co_await f; };
            const auto h = create_task(body());
            co_await settle();
            f.cancel();
            if (both) h.cancel();
            EXPECT_TRUE(co_await ends_with<cancelled_error>(h));
            EXPECT_TRUE(f.cancelled());
            EXPECT_TRUE(h.cancelled());
            EXPECT_TRUE(h.done());
        });
    }
}

// test_cancel_task_catching
TEST(task_handle_cancel_parity, a_task_may_catch_it_and_return) {
    run_in_every_order([]() -> task<> {
        const future<> first, second;
        const auto body = [&]() -> task<int> {
            co_await first;
            try {
                co_await second;
            } catch (const cancelled_error&) {
                co_return 42;
            }
            co_return 0;
        };
        const auto h = create_task(body());
        co_await settle();
        first.set_result();
        co_await settle();
        h.cancel();
        EXPECT_TRUE(second.cancelled());
        EXPECT_EQ(co_await h, 42);
        EXPECT_FALSE(h.cancelled());
    });
}

// test_cancel_task_ignoring
TEST(task_handle_cancel_parity, a_task_may_ignore_it_and_wait_for_something_else) {
    run_in_every_order([]() -> task<> {
        const future<> first, second;
        const future<int> third;
        const auto body = [&]() -> task<int> {
            co_await first;
            try {
                co_await second;
            } catch (const cancelled_error&) {
            }
            co_return co_await third;
        };
        const auto h = create_task(body());
        co_await settle();
        first.set_result();
        co_await settle();
        h.cancel();
        EXPECT_TRUE(second.cancelled());
        co_await settle();
        third.set_result(42);
        EXPECT_EQ(co_await h, 42);
        EXPECT_FALSE(third.cancelled());
        EXPECT_FALSE(h.cancelled());
    });
}

// test_cancel_current_task
TEST(task_handle_cancel_parity, a_task_that_cancels_itself_is_stopped_at_its_next_await) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        const auto body = []() -> task<int> {
            current_task().cancel();
            co_await weft::sleep(100s);
            co_return 12;
        };
        const auto h = create_task(body());
        EXPECT_FALSE(h.cancelled());
        EXPECT_TRUE(co_await ends_with<cancelled_error>(h));
        EXPECT_TRUE(h.cancelled());
        EXPECT_FALSE(h.cancel());
        EXPECT_EQ(now() - began, 0s);
    });
}

// test_cancel_at_end
TEST(task_handle_cancel_parity, one_that_cancels_itself_and_returns_is_cancelled) {
    run_in_every_order([]() -> task<> {
        const auto body = []() -> task<int> {
            current_task().cancel();
            co_return 12;
        };
        const auto h = create_task(body());
        EXPECT_TRUE(co_await ends_with<cancelled_error>(h));
        EXPECT_TRUE(h.done());
        EXPECT_TRUE(h.cancelled());
        EXPECT_FALSE(h.cancel());
    });
}

// test_cancel_awaited_task
TEST(task_handle_cancel_parity, a_request_that_was_made_before_the_await_cancels_what_is_awaited) {
    run_in_every_order([]() -> task<> {
        const future<> f;
        const auto nested = [&]() -> task<> { co_await f; };
        const auto inner = create_task(nested());
        const auto body = [&]() -> task<> {
            co_await settle();
            current_task().cancel();
            co_await inner;
        };
        const auto h = create_task(body());
        EXPECT_TRUE(co_await ends_with<cancelled_error>(h));
        EXPECT_TRUE(h.cancelled());
        EXPECT_TRUE(inner.cancelled());
        EXPECT_TRUE(f.cancelled());
    });
}

// test_task_cancel_waiter_future, test_yield_future_passes_cancel
TEST(task_handle_cancel_parity, it_goes_through_the_awaits_down_to_the_future_and_comes_up_as_an_exception) {
    run_in_every_order([]() -> task<> {
        int proof = 0;
        const future<> f;
        const auto inner = [&]() -> task<> {
            try {
                co_await f;
            } catch (const cancelled_error&) {
                proof += 1;
                throw;
            }
            proof += 10;
        };
        const auto outer = [&]() -> task<> {
            try {
                co_await inner();
            } catch (const cancelled_error&) {
                proof += 100;
            }
        };
        const auto h = create_task(outer());
        co_await settle();
        h.cancel();
        co_await h;
        EXPECT_EQ(proof, 101);
        EXPECT_TRUE(f.cancelled());
    });
}

// test_baseexception_during_cancel: differs in that nothing leaves the loop
TEST(task_handle_cancel_parity, any_exception_in_its_place_is_the_tasks_own) {
    run_in_every_order([]() -> task<> {
        const auto h = create_task(crashes_when_cancelled<base_crash>());
        co_await settle();
        h.cancel();
        EXPECT_FALSE(h.done());
        co_await settle();
        EXPECT_TRUE(h.done());
        EXPECT_FALSE(h.cancelled());
        EXPECT_TRUE(co_await ends_with<base_crash>(h));
    });
}

}  // namespace
