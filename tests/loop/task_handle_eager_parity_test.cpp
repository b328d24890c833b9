// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/loop/any_task.hpp>
#include <weft/loop/context_var.hpp>
#include <weft/loop/task_handle.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;
using testing::Contains;
using testing::Not;

// What CPython's test_eager_task_factory asserts; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::any_task;
using weft::create_task;
using weft::future;

constexpr auto eagerly = [] { return weft::task_options{.eager_start = true}; };

// test_await_future_during_eager_step, test_eager_task_factory_set
TEST(task_handle_eager_parity, what_it_does_before_it_waits_is_done_when_it_has_been_created) {
    run_in_every_order([]() -> task<> {
        const future<std::string> f;
        const auto sets = [&]() -> task<> {
            f.set_result("my message");
            co_return;
        };
        const auto h = create_task(sets(), eagerly());
        EXPECT_TRUE(h.done());
        EXPECT_EQ(co_await f, "my message");
    });
}

// test_eager_completion
TEST(task_handle_eager_parity, one_that_never_waits_is_done_at_once) {
    run_in_every_order([]() -> task<> {
        const auto body = []() -> task<std::string> { co_return "hello"; };
        const auto h = create_task(body(), eagerly());
        EXPECT_TRUE(h.done());
        EXPECT_EQ(co_await h, "hello");
    });
}

// test_block_after_eager_step
TEST(task_handle_eager_parity, one_that_waits_is_done_later) {
    run_in_every_order([]() -> task<> {
        const auto h = create_task(number_after(100ms, 1), eagerly());
        EXPECT_FALSE(h.done());
        EXPECT_EQ(co_await h, 1);
        EXPECT_TRUE(h.done());
    });
}

// test_cancellation_after_eager_completion
TEST(task_handle_eager_parity, one_that_is_done_cannot_be_cancelled) {
    run_in_every_order([]() -> task<> {
        const auto body = []() -> task<std::string> { co_return "finished without blocking"; };
        const auto h = create_task(body(), eagerly());
        EXPECT_FALSE(h.cancel());
        EXPECT_EQ(co_await h, "finished without blocking");
        EXPECT_FALSE(h.cancelled());
    });
}

// test_cancellation_after_eager_step_blocks
TEST(task_handle_eager_parity, one_that_waits_can_be_cancelled) {
    run_in_every_order([]() -> task<> {
        const auto h = create_task(number_after(100ms, 1), eagerly());
        h.cancel("cancellation message");
        EXPECT_GT(h.cancelling(), 0u);
        std::string said;
        try {
            co_await h;
        } catch (const weft::cancelled_error& e) {
            said = e.message();
        }
        EXPECT_EQ(said, "cancellation message");
    });
}

// test_current_task
TEST(task_handle_eager_parity, it_is_the_current_task_from_the_first_step_on_and_its_creator_is_again_afterwards) {
    run_in_every_order([]() -> task<> {
        const any_task creator = weft::current_task();
        std::vector<any_task> seen;
        const auto body = [&]() -> task<> {
            seen.push_back(weft::current_task());
            co_await weft::sleep(100ms);
            seen.push_back(weft::current_task());
        };
        const auto h = create_task(body(), eagerly());
        EXPECT_EQ(weft::current_task(), creator);
        EXPECT_EQ(seen, std::vector{any_task(h)});
        co_await h;
        EXPECT_EQ(seen, (std::vector{any_task(h), any_task(h)}));
        EXPECT_EQ(weft::current_task(), creator);
    });
}

// test_all_tasks_with_eager_completion
TEST(task_handle_eager_parity, one_that_never_waits_is_among_all_tasks_while_it_runs) {
    run_in_every_order([]() -> task<> {
        std::vector<any_task> all;
        const auto body = [&]() -> task<> {
            all = weft::all_tasks();
            co_return;
        };
        const auto h = create_task(body(), eagerly());
        EXPECT_THAT(all, Contains(any_task(h)));
        EXPECT_THAT(weft::all_tasks(), Not(Contains(any_task(h))));
        co_return;
    });
}

// test_all_tasks_with_blocking
TEST(task_handle_eager_parity, one_that_waits_is_among_all_tasks_until_it_is_done) {
    run_in_every_order([]() -> task<> {
        const future<> first, second;
        std::vector<any_task> all;
        const auto body = [&]() -> task<> {
            all = weft::all_tasks();
            co_await first;
            second.set_result();
        };
        const auto h = create_task(body(), eagerly());
        EXPECT_THAT(all, Contains(any_task(h)));
        EXPECT_THAT(weft::all_tasks(), Contains(any_task(h)));
        first.set_result();
        co_await second;
        EXPECT_THAT(weft::all_tasks(), Not(Contains(any_task(h))));
    });
}

// test_context_vars
TEST(task_handle_eager_parity, it_runs_in_a_context_of_its_own_from_the_first_step_on) {
    const weft::context_var<int> number(0);
    run_in_every_order([&]() -> task<> {
        int steps = 0;
        const auto body = [&]() -> task<> {
            EXPECT_EQ(number.get(), 1);
            std::ignore = number.set(2);
            EXPECT_EQ(number.get(), 2);
            ++steps;
            co_await weft::sleep(100ms);
            EXPECT_EQ(number.get(), 2);
            std::ignore = number.set(3);
            EXPECT_EQ(number.get(), 3);
            ++steps;
        };
        std::ignore = number.set(1);
        const auto h = create_task(body(), eagerly());
        EXPECT_EQ(steps, 1);
        EXPECT_EQ(number.get(), 1);
        co_await h;
        EXPECT_EQ(steps, 2);
        EXPECT_EQ(number.get(), 1);
    });
}

// BaseTaskCountingTests: what does not wait costs no turn of the loop
TEST(task_handle_eager_parity, a_tree_of_tasks_that_never_wait_is_done_within_its_creation) {
    run_in_every_order([]() -> task<> {
        struct tree {
            int count = 0;
            task<> grow(int width, int depth) {
                ++count;
                if (depth == 0) co_return;
                for (int i = 0; i < width; ++i) {
                    const auto h = create_task(grow(width, depth - 1), eagerly());
                    EXPECT_TRUE(h.done());
                    co_await h;
                }
            }
        } t;
        const auto h = create_task(t.grow(3, 4), eagerly());
        EXPECT_TRUE(h.done());
        EXPECT_EQ(t.count, 1 + 3 + 9 + 27 + 81);
        co_await h;
    });
}

}  // namespace
