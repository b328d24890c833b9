// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/task_group.hpp>
#include <weft/flow/with.hpp>
#include <weft/loop/context_var.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

using namespace std::chrono_literals;

// What CPython's test_taskgroups asserts of names, contexts and misuse; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::task_group;
using weft::with;

std::string error_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const weft::invalid_state_error& e) {
        return e.what();
    }
    return "none";
}
task<std::string> error_of(task<> t) {
    try {
        co_await std::move(t);
    } catch (const std::logic_error& e) {
        co_return e.what();
    }
    co_return "none";
}
task<> does_nothing() { co_return; }

// test_taskgroup_task_name
TEST(task_group_use_parity, a_task_takes_the_name_it_is_given) {
    weft::testing::run([]() -> task<> {
        co_await with(task_group(), [](task_group& g) -> task<> {
            const auto h = g.create_task(does_nothing(), {.name = "yolo"});
            EXPECT_EQ(h.name(), "yolo");
            co_return;
        });
    }());
}

// test_taskgroup_task_context
TEST(task_group_use_parity, a_task_runs_in_the_context_it_is_given) {
    const weft::context_var<int> number;
    const auto main = [&]() -> task<> {
        const auto sets = [&](int i) -> task<> {
            co_await weft::yield_now();
            std::ignore = number.set(i);
        };
        const auto value_in = [&](const weft::context& c) { return weft::run_in(c, [&] { return number.get(0); }); };
        co_await with(task_group(), [&](task_group& g) -> task<> {
            const weft::context c = weft::copy_context();
            EXPECT_EQ(value_in(c), 0);
            co_await g.create_task(sets(1), {.context = c});
            EXPECT_EQ(value_in(c), 1);
            co_await g.create_task(sets(2), {.context = c});
            EXPECT_EQ(value_in(c), 2);
            EXPECT_EQ(number.get(0), 0);
        });
    };
    weft::testing::run(main());
}

// test_taskgroup_no_create_task_after_failure
TEST(task_group_use_parity, once_a_task_has_failed_no_task_can_be_created) {
    run_in_every_order([]() -> task<> {
        std::string said;
        const auto tries = [&](task_group& g) -> task<> {
            try {
                co_await weft::sleep(1s);
            } catch (const weft::cancelled_error&) {
                said = error_of([&] { g.create_task(crashes_after(1ms)); });
            }
        };
        const auto runner = [&]() -> task<> {
            co_await with(task_group(), [&](task_group& g) -> task<> {
                g.create_task(crashes_after(1ms));
                g.create_task(tries(g));
                co_return;
            });
        };
        const auto errors = co_await group_of(runner());
        EXPECT_EQ(count_of<crash>(errors), 1u);
        EXPECT_EQ(errors->exceptions().size(), 1u);
        EXPECT_NE(said.find("shutting down"), std::string::npos) << said;
    });
}

// test_taskgroup_already_entered, test_taskgroup_double_enter
TEST(task_group_use_parity, is_entered_once) {
    weft::testing::run([]() -> task<> {
        task_group g;
        std::string inside;
        co_await with(g, [&]() -> task<> { inside = co_await error_of(with(g, does_nothing)); });
        EXPECT_NE(inside.find("has been entered already"), std::string::npos) << inside;
        const std::string after = co_await error_of(with(g, does_nothing));
        EXPECT_NE(after.find("has been entered already"), std::string::npos) << after;
    }());
}

// test_taskgroup_finished, test_coro_closed_when_tg_closed
TEST(task_group_use_parity, a_finished_one_creates_no_task_and_destroys_the_coroutine) {
    weft::testing::run([]() -> task<> {
        task_group g;
        co_await with(g, does_nothing);
        const auto life = std::make_shared<int>();
        const auto keeps = [](std::shared_ptr<int>) -> task<> { co_return; };
        const std::string said = error_of([&] { g.create_task(keeps(life)); });
        EXPECT_NE(said.find("finished"), std::string::npos) << said;
        EXPECT_EQ(life.use_count(), 1);
    }());
}

// test_taskgroup_not_entered, test_taskgroup_without_parent_task
TEST(task_group_use_parity, one_that_is_not_entered_creates_no_task) {
    weft::testing::run([]() -> task<> {
        task_group g;
        const std::string said = error_of([&] { g.create_task(does_nothing()); });
        EXPECT_NE(said.find("has not been entered"), std::string::npos) << said;
        co_return;
    }());
}

// test_taskgroup_without_parent_task
TEST(task_group_use_parity, cannot_be_entered_without_a_task) {
    weft::testing::run([]() -> task<> {
        task_group g;
        std::string said;
        weft::get_running_loop().call_soon([&] {
            auto by_hand = with(g, does_nothing);
            try {
                by_hand.step();
            } catch (const weft::no_running_loop_error& e) {
                said = e.what();
            }
        });
        co_await weft::yield_now();
        EXPECT_NE(said.find("stepped by hand"), std::string::npos) << said;
        said = error_of([&] { g.create_task(does_nothing()); });
        EXPECT_NE(said.find("has not been entered"), std::string::npos) << said;
    }());
}

}  // namespace
