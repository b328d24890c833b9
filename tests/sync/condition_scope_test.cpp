// SPDX-License-Identifier: Apache-2.0
// Conditions and locks inside scopes that cancel at every await.
#include "sync/tasks.hpp"

#include <weft/flow/move_on_after.hpp>
#include <weft/flow/with.hpp>
#include <weft/sync/condition.hpp>

#include <string>

using namespace std::chrono_literals;

namespace {

weft::task<> hold(weft::lock& l, weft::clock::duration d) {
    const auto held = co_await l.acquire();
    co_await weft::sleep(d);
}

TEST(condition_scope, a_wait_that_a_scope_ends_has_the_lock_again_however_long_that_takes) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        weft::condition c(l);
        const auto began = weft::get_running_loop().time();
        const auto waiter = weft::create_task([](weft::condition& k) -> weft::task<> {
            const auto held = co_await k.acquire();
            const bool finished = co_await weft::move_on_after(1s, [&]() -> weft::task<> { co_await k.wait(); });
            EXPECT_FALSE(finished);
            EXPECT_TRUE(k.locked());
        }(c));
        co_await settle();
        const auto first = weft::create_task(hold(l, 5s)), second = weft::create_task(hold(l, 5s));
        co_await waiter;
        EXPECT_EQ(std::chrono::round<std::chrono::seconds>(weft::get_running_loop().time() - began), 10s);
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

TEST(condition_scope, so_it_has_when_it_waits_in_a_scope_that_is_cancelled_already) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        weft::condition c(l);
        const auto waiter = weft::create_task([](weft::condition& k) -> weft::task<> {
            const auto held = co_await k.acquire();
            co_await weft::with(weft::cancel_scope(), [&](weft::cancel_scope& s) -> weft::task<> {
                s.cancel();
                co_await k.wait();
                ADD_FAILURE() << "it was cancelled";
            });
            EXPECT_TRUE(k.locked());
        }(c));
        co_await waiter;
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

TEST(condition_scope, cancelled_by_a_scope_while_it_takes_the_lock_again) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        weft::condition c(l);
        std::string log;
        const auto waiter = weft::create_task([](weft::condition& k, std::string& to) -> weft::task<> {
            const auto held = co_await k.acquire();
            const bool finished = co_await weft::move_on_after(2s, [&]() -> weft::task<> { co_await k.wait(); });
            to += finished ? "finished" : "moved on";
            EXPECT_TRUE(k.locked());
        }(c, log));
        co_await weft::sleep(1s);
        {
            const auto held = co_await l.acquire();
            c.notify();
            co_await weft::sleep(5s);
        }
        co_await waiter;
        EXPECT_EQ(log, "moved on");
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

TEST(condition_scope, the_lock_is_released_at_the_end_of_with_in_a_cancelled_scope) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        const bool finished = co_await weft::move_on_after(
            1s, [&]() -> weft::task<> { co_await weft::with(l, []() -> weft::task<> { co_await weft::sleep(1h); }); });
        EXPECT_FALSE(finished);
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

}  // namespace
