// SPDX-License-Identifier: Apache-2.0
// A task group within a cancel scope that is cancelled.
#include <weft/base/errors.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/flow/move_on_after.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/task_group.hpp>
#include <weft/flow/with.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

using namespace std::chrono_literals;

namespace {

using weft::task;
using weft::task_group;

/// When it is cancelled it takes `time` to end.
task<> end_slowly(std::chrono::nanoseconds time) {
    bool cancelled = false;
    try {
        co_await weft::sleep(1h);
    } catch (const weft::cancelled_error&) {
        cancelled = true;
    }
    if (cancelled) co_await weft::sleep(time);
}

TEST(task_group_scope, an_error_of_the_block_is_kept_when_a_scope_around_it_is_cancelled_during_the_join) {
    const auto main = []() -> task<> {
        bool caught = false;
        const bool finished = co_await weft::move_on_after(2s, [&]() -> task<> {
            try {
                co_await weft::with(task_group{}, [](task_group& g) -> task<> {
                    g.create_task(end_slowly(5s));
                    co_await weft::sleep(1s);
                    throw std::runtime_error("of the block");  // the group waits for its task from 1 s to 6 s
                });
            } catch (const weft::exception_group& errors) {
                caught = errors.matches<std::runtime_error>();
            }
            co_await weft::sleep(1s);
        });
        EXPECT_TRUE(caught);
        EXPECT_FALSE(finished);
    };
    weft::testing::run(main());
}

}  // namespace
