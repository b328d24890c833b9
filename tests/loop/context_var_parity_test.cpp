// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/gather.hpp>
#include <weft/loop/context_var.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// What CPython's test_tasks asserts of context variables in tasks; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::context_var;
using weft::create_task;

// test_context_1
TEST(context_var_parity, a_task_has_a_copy_made_when_it_was_created) {
    const context_var<std::string> name("nope");
    run_in_every_order([&]() -> task<> {
        const auto sub = [&]() -> task<> {
            co_await weft::sleep(10ms);
            EXPECT_EQ(name.get(), "nope");
            std::ignore = name.set("something else");
        };
        EXPECT_EQ(name.get(), "nope");
        const auto h = create_task(sub());
        std::ignore = name.set("yes");
        EXPECT_EQ(name.get(), "yes");
        co_await h;
        EXPECT_EQ(name.get(), "yes");
    });
}

// test_context_2
TEST(context_var_parity, a_done_callback_runs_in_a_copy_as_well) {
    const context_var<std::string> name("nope");
    run_in_every_order([&]() -> task<> {
        EXPECT_EQ(name.get(), "nope");
        for (const std::string j : {"0", "1"}) {
            std::string seen;
            const weft::future<> f;
            std::ignore = name.set("when added");
            f.add_done_callback([&](const weft::future<>&) {
                seen = name.get();
                std::ignore = name.set("something else");
            });
            std::ignore = name.set("yes" + j);
            weft::get_running_loop().call_soon([f] { f.set_result(); });
            co_await f;
            EXPECT_EQ(name.get(), "yes" + j);
            for (const std::string i : {"0", "1", "2"}) {
                std::ignore = name.set("yes" + i + "-" + j);
                co_await weft::sleep(1ms);
                EXPECT_EQ(name.get(), "yes" + i + "-" + j);
            }
            EXPECT_EQ(seen, "when added");
        }
    });
    EXPECT_EQ(name.get(), "nope");
}

// test_context_3
TEST(context_var_parity, a_hundred_tasks_that_take_turns_each_see_their_own) {
    const context_var<int> number(-1);
    run_in_every_order([&]() -> task<> {
        const auto sub = [&](int n) -> task<> {
            for (int i = 0; i < 10; ++i) {
                std::ignore = number.set(n + i);
                co_await weft::sleep(std::chrono::milliseconds(1 + (n * 7 + i * 13) % 50));
                EXPECT_EQ(number.get(), n + i);
            }
        };
        std::vector<weft::task_handle<>> tasks;
        for (int n = 0; n < 100; ++n) tasks.push_back(create_task(sub(n % 11)));
        co_await weft::gather(tasks);
    });
    EXPECT_EQ(number.get(), -1);
}

// test_context_4, test_context_5, test_context_6
TEST(context_var_parity, tasks_that_are_given_a_context_share_it) {
    const context_var<int> number;
    run_in_every_order([&]() -> task<> {
        const auto sets = [&](int i) -> task<> {
            co_await weft::yield_now();
            std::ignore = number.set(i);
        };
        const weft::context c = weft::copy_context();
        std::vector<int> seen;
        const auto look = [&] { seen.push_back(weft::run_in(c, [&] { return number.get(0); })); };
        look();
        co_await create_task(sets(1), {.context = c});
        look();
        co_await create_task(sets(2), {.context = c});
        look();
        EXPECT_EQ(seen, (std::vector{0, 1, 2}));
        EXPECT_THROW((void)number.get(), weft::invalid_state_error);
    });
}

// test_get_context
TEST(context_var_parity, a_task_says_which_context_it_was_given) {
    run_in_every_order([]() -> task<> {
        const weft::context c = weft::copy_context();
        const auto h = create_task(number_after(0s, 1), {.context = c});
        co_await h;
        EXPECT_EQ(h.context(), c);
    });
}

}  // namespace
