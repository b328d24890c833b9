// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/task_group.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/flow/with.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// What CPython's test_taskgroups asserts of results, errors and use; docs/parity-tasks.md lists all of it. Cancellation from
// outside is task_group_cancel_parity_test.cpp.

namespace {

using namespace parity;
using weft::task_group;
using weft::with;

// test_taskgroup_01
TEST(task_group_parity, the_block_ends_when_all_its_tasks_have_and_their_results_are_there) {
    run_in_every_order([]() -> task<> {
        std::optional<weft::task_handle<int>> a, b;
        const auto began = now();
        co_await with(task_group(), [&](task_group& g) -> task<> {
            a = g.create_task(number_after(100ms, 42));
            b = g.create_task(number_after(200ms, 11));
            co_return;
        });
        EXPECT_EQ(now() - began, 200ms);
        EXPECT_EQ(a->result(), 42);
        EXPECT_EQ(b->result(), 11);
    });
}

// test_taskgroup_02
TEST(task_group_parity, a_task_may_be_created_after_an_await) {
    run_in_every_order([]() -> task<> {
        std::optional<weft::task_handle<int>> a, b;
        const auto began = now();
        co_await with(task_group(), [&](task_group& g) -> task<> {
            a = g.create_task(number_after(100ms, 42));
            co_await weft::sleep(150ms);
            b = g.create_task(number_after(200ms, 11));
        });
        EXPECT_EQ(now() - began, 350ms);
        EXPECT_EQ(a->result(), 42);
        EXPECT_EQ(b->result(), 11);
    });
}

// test_taskgroup_03
TEST(task_group_parity, a_task_that_is_cancelled_by_hand_disturbs_nothing) {
    run_in_every_order([]() -> task<> {
        std::optional<weft::task_handle<int>> a, b;
        co_await with(task_group(), [&](task_group& g) -> task<> {
            a = g.create_task(number_after(1s, 42));
            co_await weft::sleep(150ms);
            a->cancel();
            b = g.create_task(number_after(200ms, 11));
        });
        EXPECT_TRUE(a->cancelled());
        EXPECT_EQ(b->result(), 11);
    });
}

// test_taskgroup_04
TEST(task_group_parity, a_task_that_fails_cancels_the_others_and_what_follows_the_block_does_not_run) {
    run_in_every_order([]() -> task<> {
        int cancellations = 0;
        bool came_past_the_block = false;
        std::optional<weft::task_handle<>> other;
        const auto runner = [&]() -> task<> {
            co_await with(task_group(), [&](task_group& g) -> task<> {
                g.create_task(crashes_after(100ms));
                other = g.create_task(counts_cancellations(cancellations));
                co_return;
            });
            came_past_the_block = true;
        };
        const auto errors = co_await group_of(runner());
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_EQ(errors->exceptions().size(), 1u);
        EXPECT_FALSE(came_past_the_block);
        EXPECT_EQ(cancellations, 1);
        EXPECT_TRUE(other->cancelled());
    });
}

// test_cancel_children_on_child_error
TEST(task_group_parity, a_task_that_fails_cancels_the_others_and_the_block_and_all_errors_leave_together) {
    run_in_every_order([]() -> task<> {
        int cancellations = 0;
        const auto runner = [&]() -> task<> {
            co_await with(task_group(), [&](task_group& g) -> task<> {
                for (int i = 0; i < 3; ++i) g.create_task(crashes_after(100ms));
                g.create_task(counts_cancellations(cancellations));
                co_await counts_cancellations(cancellations, 10);
            });
        };
        const auto errors = co_await group_of(runner());
        EXPECT_GE(count_of<crash>(errors), 1u);
        EXPECT_EQ(count_of<crash>(errors), errors->exceptions().size());
        EXPECT_EQ(cancellations, 11);
    });
}

// test_taskgroup_09, test_taskgroup_10
TEST(task_group_parity, a_block_that_fails_cancels_its_tasks_and_its_error_leaves_in_a_group) {
    for (const bool after_an_await : {true, false}) {
        run_in_every_order([=]() -> task<> {
            std::optional<weft::task_handle<int>> a, b;
            const auto runner = [&]() -> task<> {
                co_await with(task_group(), [&](task_group& g) -> task<> {
                    a = g.create_task(number_after(1s, 42));
                    b = g.create_task(number_after(2s, 11));
                    if (after_an_await) co_await weft::sleep(100ms);
                    throw crash();
                });
            };
            const auto began = now();
            const auto errors = co_await group_of(runner());
            EXPECT_EQ(count_of<crash>(errors), 1u);
            EXPECT_EQ(errors->exceptions().size(), 1u);
            EXPECT_EQ(now() - began, after_an_await ? 100ms : 0ms);
            EXPECT_TRUE(a->cancelled());
            EXPECT_TRUE(b->cancelled());
        });
    }
}

// test_taskgroup_13
TEST(task_group_parity, a_failure_in_the_outer_group_ends_the_inner_one_which_adds_nothing) {
    run_in_every_order([]() -> task<> {
        const auto runner = []() -> task<> {
            co_await with(task_group(), [](task_group& outer) -> task<> {
                outer.create_task(crashes_after(100ms));
                co_await with(task_group(), [](task_group& inner) -> task<> {
                    inner.create_task(crashes_after<other_crash>(10s));
                    co_return;
                });
            });
        };
        const auto began = now();
        const auto errors = co_await group_of(runner());
        EXPECT_EQ(now() - began, 100ms);
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_EQ(errors->exceptions().size(), 1u);
    });
}

// test_taskgroup_14
TEST(task_group_parity, a_failure_in_the_inner_group_leaves_the_outer_one_as_a_group_in_a_group) {
    run_in_every_order([]() -> task<> {
        const auto runner = []() -> task<> {
            co_await with(task_group(), [](task_group& outer) -> task<> {
                outer.create_task(crashes_after<other_crash>(10s));
                co_await with(task_group(), [](task_group& inner) -> task<> {
                    inner.create_task(crashes_after(100ms));
                    co_return;
                });
            });
        };
        const auto began = now();
        const auto errors = co_await group_of(runner());
        EXPECT_EQ(now() - began, 100ms);
        EXPECT_EQ(count_of<crash>(only_group_in(errors)), 1u);
    });
}

// test_taskgroup_19, test_taskgroup_20a, test_taskgroup_21a
TEST(task_group_parity, the_error_of_the_block_leaves_with_those_of_the_tasks_of_whatever_type_they_are) {
    run_in_every_order([]() -> task<> {
        const auto runner = []<class OfTask, class OfBlock>(OfTask, OfBlock) -> task<> {
            co_await with(task_group(), [](task_group& g) -> task<> {
                g.create_task(crashes_after<OfTask>(100ms));
                co_await crashes_when_cancelled<OfBlock>();
            });
        };
        auto errors = co_await group_of(runner(crash(), other_crash()));
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_EQ(count_of<other_crash>(errors), 1u);
        errors = co_await group_of(runner(crash(), base_crash()));
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_EQ(count_of<base_crash>(errors), 1u);
        errors = co_await group_of(runner(base_crash(), crash()));
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_EQ(count_of<base_crash>(errors), 1u);
    });
}

// test_taskgroup_23
TEST(task_group_parity, lets_go_of_each_task_as_it_ends) {
    run_in_every_order([]() -> task<> {
        std::vector<std::weak_ptr<int>> kept;
        const auto job = [](const std::shared_ptr<int>&) -> task<> { co_await weft::sleep(300ms); };
        const auto left = [&] { return std::ranges::count_if(kept, [](const auto& k) { return !k.expired(); }); };
        co_await with(task_group(), [&](task_group& g) -> task<> {
            for (int count = 0; count < 10; ++count) {
                co_await weft::sleep(100ms);
                auto life = std::make_shared<int>(count);
                kept.push_back(life);
                g.create_task(job, std::move(life));
                if (count == 5) EXPECT_LT(left(), 5);
            }
            co_await weft::sleep(1350ms);
            EXPECT_EQ(left(), 0);
        });
    });
}

// test_taskgroup_24
TEST(task_group_parity, a_task_may_create_others_in_the_group_after_the_block) {
    run_in_every_order([]() -> task<> {
        int done = 0;
        const auto leaf = [&](weft::clock::duration d) -> task<> {
            co_await weft::sleep(d);
            ++done;
        };
        const auto root = [&](task_group& g) -> task<> {
            co_await weft::sleep(100ms);
            g.create_task(leaf(100ms));
            g.create_task(leaf(200ms));
        };
        const auto began = now();
        co_await with(task_group(), [&](task_group& g) -> task<> {
            g.create_task(root(g));
            co_return;
        });
        EXPECT_EQ(done, 2);
        EXPECT_EQ(now() - began, 300ms);
    });
}

// test_taskgroup_25
TEST(task_group_parity, tasks_that_multiply_are_ended_by_one_that_fails) {
    run_in_every_order([]() -> task<> {
        struct myth {
            int heads = 0;
            task<> hydra(task_group& g) {
                ++heads;
                co_await weft::sleep(10ms);
                for (int i = 0; i < 2; ++i) g.create_task(&myth::hydra, this, std::ref(g));
            }
            task<> hercules() {
                while (heads < 10) co_await weft::sleep(15ms);
                throw crash();
            }
            task<> fight() {
                co_await with(task_group(), [this](task_group& g) -> task<> {
                    g.create_task(hydra(g));
                    g.create_task(hercules());
                    co_return;
                });
            }
        } story;
        const auto errors = co_await group_of(story.fight());
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_GE(story.heads, 10);
    });
}

// test_taskgroup_context_manager_exit_raises
TEST(task_group_parity, an_error_of_a_context_that_the_cancelled_block_leaves_is_in_the_group_too) {
    struct database {
        task<> enter() { co_return; }
        task<> exit(std::exception_ptr) {
            throw other_crash();
            co_return;
        }
    };
    run_in_every_order([]() -> task<> {
        const auto runner = []() -> task<> {
            co_await with(task_group(), [](task_group& g) -> task<> {
                co_await with(database(), [&g]() -> task<> {
                    g.create_task(crashes_after(0s));
                    co_await weft::sleep(1s);
                });
            });
        };
        const auto errors = co_await group_of(runner());
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_EQ(count_of<other_crash>(errors), 1u);
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    });
}

}  // namespace
