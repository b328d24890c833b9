// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/task_group.hpp>
#include <weft/flow/wait_for.hpp>
#include <weft/flow/with.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

using namespace std::chrono_literals;

// What CPython's test_taskgroups asserts of cancellation from outside; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::task_group;
using weft::with;

/// Runs `t` as a task of its own and cancels it after `d`.
template <class T>
task<weft::task_handle<T>> cancelled_after(weft::clock::duration d, task<T> t) {
    auto h = weft::create_task(std::move(t));
    co_await weft::sleep(d);
    EXPECT_FALSE(h.done());
    EXPECT_TRUE(h.cancel());
    co_return h;
}

// test_cancellation
TEST(task_group_cancel_parity, cancelled_while_it_waits_for_its_tasks_it_cancels_them_all_and_is_cancelled) {
    run_in_every_order([]() -> task<> {
        int cancellations = 0;
        const auto runner = [&]() -> task<> {
            co_await with(task_group(), [&](task_group& g) -> task<> {
                for (int i = 0; i < 5; ++i) g.create_task(counts_cancellations(cancellations));
                co_return;
            });
        };
        const auto h = co_await cancelled_after(100ms, runner());
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        EXPECT_EQ(cancellations, 5);
    });
}

// test_taskgroup_07
TEST(task_group_cancel_parity, cancelled_inside_the_block_it_cancels_the_block_and_then_the_tasks) {
    run_in_every_order([]() -> task<> {
        int cancellations = 0;
        const auto runner = [&]() -> task<> {
            co_await with(task_group(), [&](task_group& g) -> task<> {
                for (int i = 0; i < 5; ++i) g.create_task(counts_cancellations(cancellations));
                co_await counts_cancellations(cancellations, 10);
            });
        };
        const auto h = co_await cancelled_after(100ms, runner());
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        EXPECT_EQ(cancellations, 15);
    });
}

// test_taskgroup_08
TEST(task_group_cancel_parity, what_the_tasks_throw_when_they_are_cancelled_comes_before_the_cancellation) {
    run_in_every_order([]() -> task<> {
        const auto runner = []() -> task<> {
            co_await with(task_group(), [](task_group& g) -> task<> {
                for (int i = 0; i < 5; ++i) g.create_task(crashes_when_cancelled());
                co_await weft::sleep(10s);
            });
        };
        auto h = co_await cancelled_after(100ms, runner());
        const auto errors = co_await group_of(weft::wait_for(h, std::nullopt));
        EXPECT_EQ(count_of<crash>(errors), 5u);
        EXPECT_FALSE(h.cancelled());
    });
}

// test_taskgroup_11, test_taskgroup_12
TEST(task_group_cancel_parity, errors_of_the_inner_group_leave_the_outer_one_as_a_group_in_a_group) {
    for (const bool outer_has_a_task : {false, true}) {
        run_in_every_order([=]() -> task<> {
            const auto runner = [=]() -> task<> {
                co_await with(task_group(), [=](task_group& outer) -> task<> {
                    if (outer_has_a_task) outer.create_task(weft::sleep(10s));
                    co_await with(task_group(), [](task_group& inner) -> task<> {
                        for (int i = 0; i < 5; ++i) inner.create_task(crashes_when_cancelled());
                        co_await weft::sleep(10s);
                    });
                });
            };
            auto h = co_await cancelled_after(100ms, runner());
            const auto errors = co_await group_of(weft::wait_for(h, std::nullopt));
            EXPECT_EQ(count_of<crash>(only_group_in(errors)), 5u);
        });
    }
}

// test_taskgroup_15, test_taskgroup_16
TEST(task_group_cancel_parity, a_task_that_fails_while_the_cancelled_block_cleans_up_is_what_leaves) {
    for (const bool in_a_task_of_its_own : {false, true}) {
        run_in_every_order([=]() -> task<> {
            const auto group = []() -> task<> {
                co_await with(task_group(), [](task_group& g) -> task<> {
                    g.create_task(crashes_after(300ms));
                    co_await cleans_up_for(500ms);
                });
            };
            const auto runner = [&]() -> task<> {
                if (in_a_task_of_its_own) {
                    const auto inner = weft::create_task(group());
                    co_await inner;
                } else {
                    co_await group();
                }
            };
            auto h = co_await cancelled_after(100ms, runner());
            const auto errors = co_await group_of(weft::wait_for(h, std::nullopt));
            EXPECT_EQ(count_of<crash>(errors), 1u);
        });
    }
}

// test_taskgroup_17
TEST(task_group_cancel_parity, a_group_without_tasks_lets_the_cancellation_pass) {
    run_in_every_order([]() -> task<> {
        int cancellations = 0;
        const auto runner = [&]() -> task<> {
            co_await with(task_group(), [&](task_group&) -> task<> { co_await counts_cancellations(cancellations); });
        };
        const auto h = co_await cancelled_after(100ms, runner());
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        EXPECT_EQ(cancellations, 1);
    });
}

// test_taskgroup_18
TEST(task_group_cancel_parity, an_error_in_place_of_the_cancellation_leaves_in_a_group) {
    run_in_every_order([]() -> task<> {
        const auto runner = []() -> task<> {
            co_await with(task_group(), [](task_group&) -> task<> { co_await crashes_when_cancelled(); });
        };
        auto h = co_await cancelled_after(100ms, runner());
        const auto errors = co_await group_of(weft::wait_for(h, std::nullopt));
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_EQ(errors->exceptions().size(), 1u);
    });
}

// test_taskgroup_22
TEST(task_group_cancel_parity, cancelled_soon_after_the_tasks_have_started_it_is_cancelled) {
    run_in_every_order([]() -> task<> {
        const auto runner = []() -> task<> {
            co_await with(task_group(), [](task_group& g) -> task<> {
                g.create_task(number_after(1s, 42));
                g.create_task(number_after(2s, 11));
                co_return;
            });
        };
        const auto began = now();
        const auto h = co_await cancelled_after(50ms, runner());
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        EXPECT_EQ(now() - began, 50ms);
    });
}

// test_cancelling_level_preserved
TEST(task_group_cancel_parity, its_own_request_to_cancel_the_block_is_taken_back) {
    run_in_every_order([]() -> task<> {
        const auto runner = []() -> task<> {
            co_await with(task_group(), [](task_group& g) -> task<> {
                g.create_task(crashes_after(0s));
                co_return;
            });
        };
        EXPECT_EQ(count_of<crash>(co_await group_of(runner())), 1u);
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

// test_nested_groups_both_cancelled
TEST(task_group_cancel_parity, of_nested_groups_that_both_fail_the_outer_request_outlasts_the_inner_block) {
    run_in_every_order([]() -> task<> {
        bool inner_failed = false;
        const auto runner = [&]() -> task<> {
            co_await with(task_group(), [&](task_group& outer) -> task<> {
                const auto errors = co_await group_of(with(task_group(), [&](task_group& inner) -> task<> {
                    inner.create_task(crashes_after(0s));
                    outer.create_task(crashes_after<other_crash>(0s));
                    co_return;
                }));
                inner_failed = count_of<crash>(errors) == 1;
                EXPECT_EQ(weft::current_task().cancelling(), 1u);
            });
        };
        const auto errors = co_await group_of(runner());
        EXPECT_TRUE(inner_failed);
        EXPECT_EQ(count_of<other_crash>(errors), 1u);
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

// test_error_and_cancel
TEST(task_group_cancel_parity, an_error_and_a_cancellation_at_once_leave_one_after_the_other) {
    run_in_every_order([]() -> task<> {
        const weft::future<> started;
        bool ran_on = false;
        const auto crashes = [&]() -> task<> {
            started.set_result();
            co_await weft::yield_now();
            throw crash();
        };
        const auto group = [&]() -> task<> {
            co_await with(task_group(), [&](task_group& g) -> task<> {
                g.create_task(crashes());
                co_await weft::sleep(1s);
                ran_on = true;
            });
        };
        const auto inner = [&]() -> task<> {
            EXPECT_EQ(count_of<crash>(co_await group_of(group())), 1u);
            EXPECT_EQ(weft::current_task().cancelling(), 1u);
            co_await weft::sleep(1s);
            ran_on = true;
        };
        const auto h = weft::create_task(inner());
        co_await started;
        EXPECT_EQ(h.cancelling(), 0u);
        h.cancel();
        EXPECT_EQ(h.cancelling(), 1u);
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        EXPECT_TRUE(h.cancelled());
        EXPECT_FALSE(ran_on);
    });
}

}  // namespace
