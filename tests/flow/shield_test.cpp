// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/shield.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

using namespace std::chrono_literals;

namespace {

/// Lets a future own something until it dies: @return where to see that
std::weak_ptr<int> mark(const weft::future<int>& f) {
    auto mark = std::make_shared<int>();
    std::weak_ptr<int> seen = mark;
    f.add_done_callback([mark = std::move(mark)](const auto&) {});
    return seen;
}

weft::task<int> sleep_long() {
    co_await weft::sleep(1h);
    co_return 1;
}

TEST(shield, a_future_that_nobody_can_complete_any_more_is_let_go) {
    const auto main = []() -> weft::task<> {
        std::weak_ptr<int> inner, outer;
        {
            const weft::future<int> f;
            inner = mark(f);
            outer = mark(weft::shield(f));
            EXPECT_FALSE(outer.expired());
        }
        EXPECT_TRUE(inner.expired());
        EXPECT_TRUE(outer.expired());
        co_return;
    };
    weft::testing::run(main());
}

TEST(shield, a_task_that_is_destroyed_with_its_loop_is_let_go) {
    std::weak_ptr<int> inner, outer;
    const auto main = [&]() -> weft::task<> {
        const auto h = weft::create_task(sleep_long());
        inner = mark(h);
        const auto shielded = weft::shield(h);
        outer = mark(shielded);
        co_await shielded;
    };
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    weft::create_task_on(*loop, main()).set_name("main");
    loop->run_once();
    EXPECT_FALSE(outer.expired());
    loop->close();
    EXPECT_TRUE(inner.expired());
    EXPECT_TRUE(outer.expired());
}

TEST(shield, a_task_that_has_ended_when_its_loop_is_closed_is_let_go) {
    std::weak_ptr<int> outer;
    const auto loop = weft::testing::make_virtual_loop();
    const weft::future<int> f(*loop);
    const auto main = [&]() -> weft::task<> {
        outer = mark(weft::shield(f));
        co_return;
    };
    loop->run_until_complete(main());
    f.set_result(1);  // the news is in the ready queue
    EXPECT_FALSE(outer.expired());
    loop->close();
    EXPECT_TRUE(outer.expired());
}

}  // namespace
