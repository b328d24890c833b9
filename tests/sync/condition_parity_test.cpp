// SPDX-License-Identifier: Apache-2.0
// What CPython 3.13's test_locks.py asserts of asyncio.Condition, test by test.
#include "sync/tasks.hpp"

#include <weft/flow/with.hpp>
#include <weft/sync/condition.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using names = std::vector<int>;

/// Waits and keeps the lock.
weft::task<> wait_and_keep(weft::condition& c, names& result, int name) {
    co_await c.enter();
    co_await c.wait();
    result.push_back(name);
}
weft::task<> wait_and_release(weft::condition& c, names& result, int name) {
    const auto held = co_await c.acquire();
    co_await c.wait();
    result.push_back(name);
}

// ConditionTests.test_wait
TEST(condition_parity, the_notified_go_on_one_by_one_when_they_have_the_lock) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        names result;
        const auto t1 = weft::create_task(wait_and_keep(c, result, 1)),
                   t2 = weft::create_task(wait_and_keep(c, result, 2)),
                   t3 = weft::create_task(wait_and_keep(c, result, 3));
        co_await weft::yield_now();
        EXPECT_EQ(result, names{});
        EXPECT_FALSE(c.locked());
        co_await c.enter();
        c.notify();
        co_await weft::yield_now();
        EXPECT_EQ(result, names{});
        EXPECT_TRUE(c.locked());
        c.release();
        co_await weft::yield_now();
        EXPECT_EQ(result, names{1});
        EXPECT_TRUE(c.locked());
        c.notify(2);
        co_await weft::yield_now();
        EXPECT_EQ(result, names{1});
        EXPECT_TRUE(c.locked());
        c.release();
        co_await weft::yield_now();
        EXPECT_EQ(result, (names{1, 2}));
        EXPECT_TRUE(c.locked());
        c.release();
        co_await weft::yield_now();
        EXPECT_EQ(result, (names{1, 2, 3}));
        EXPECT_TRUE(c.locked());
        EXPECT_TRUE(t1.done() && t2.done() && t3.done());
    };
    weft::testing::run(main());
}

// ConditionTests.test_wait_cancel
TEST(condition_parity, a_cancelled_wait_has_the_lock_again) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        co_await c.enter();
        const auto wait = weft::create_task(c.wait());
        weft::get_running_loop().call_soon([wait] { wait.cancel(); });
        EXPECT_EQ(co_await ending(wait), "cancelled");
        EXPECT_TRUE(c.locked());
    };
    weft::testing::run(main());
}

// ConditionTests.test_wait_cancel_contested
TEST(condition_parity, cancelled_while_the_lock_is_contested_it_has_the_lock_at_the_end) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        co_await c.enter();
        const auto wait = weft::create_task(c.wait());
        co_await weft::yield_now();
        EXPECT_FALSE(c.locked());
        co_await c.enter();
        EXPECT_TRUE(c.locked());
        c.notify();
        weft::get_running_loop().call_soon([wait] { wait.cancel(); });
        weft::get_running_loop().call_soon([&c] { c.release(); });
        (void)co_await ending(wait);
        EXPECT_TRUE(c.locked());
    };
    weft::testing::run(main());
}

// ConditionTests.test_wait_cancel_after_notify
TEST(condition_parity, cancelled_while_it_takes_the_lock_again_it_is_cancelled_when_it_has_it) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        bool waited = false;
        const auto waiter = weft::create_task([](weft::condition& k, bool& did) -> weft::task<> {
            co_await weft::with(k, [&]() -> weft::task<> {
                did = true;
                co_await k.wait();
            });
        }(c, waited));
        co_await weft::yield_now();
        co_await c.enter();
        c.notify();
        co_await weft::yield_now();
        waiter.cancel();
        co_await weft::yield_now();
        c.release();
        co_await weft::yield_now();
        EXPECT_TRUE(waiter.cancelled());
        EXPECT_TRUE(waited);
        EXPECT_FALSE(c.locked());
    };
    weft::testing::run(main());
}

// ConditionTests.test_wait_unacquired, test_notify_unacquired, test_notify_all_unacquired
TEST(condition_parity, without_the_lock_it_can_be_neither_waited_for_nor_notified) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        EXPECT_THROW(co_await c.wait(), weft::invalid_state_error);
        EXPECT_THROW(c.notify(), weft::invalid_state_error);
        EXPECT_THROW(c.notify_all(), weft::invalid_state_error);
    };
    weft::testing::run(main());
}

// ConditionTests.test_wait_for
TEST(condition_parity, wait_for_goes_on_when_its_predicate_is_true) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        bool is_so = false;
        names result;
        const auto t = weft::create_task([](weft::condition& k, bool& so, names& to) -> weft::task<> {
            co_await k.enter();
            if (co_await k.wait_for([&] { return so; })) {
                to.push_back(1);
                k.release();
            }
        }(c, is_so, result));
        co_await weft::yield_now();
        EXPECT_EQ(result, names{});
        co_await c.enter();
        c.notify();
        c.release();
        co_await weft::yield_now();
        EXPECT_EQ(result, names{});
        is_so = true;
        co_await c.enter();
        c.notify();
        c.release();
        co_await weft::yield_now();
        EXPECT_EQ(result, names{1});
        EXPECT_TRUE(t.done());
    };
    weft::testing::run(main());
}

// ConditionTests.test_wait_for_unacquired
TEST(condition_parity, wait_for_what_is_so_needs_no_lock_and_gives_what_the_predicate_gave) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        EXPECT_EQ(co_await c.wait_for([] { return 123; }), 123);
        EXPECT_THROW(co_await c.wait_for([] { return false; }), weft::invalid_state_error);
    };
    weft::testing::run(main());
}

// ConditionTests.test_notify
TEST(condition_parity, notify_wakes_as_many_as_it_is_told_to) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        names result;
        const auto t1 = weft::create_task(wait_and_release(c, result, 1)),
                   t2 = weft::create_task(wait_and_release(c, result, 2)),
                   t3 = weft::create_task(wait_and_release(c, result, 3));
        co_await weft::yield_now();
        EXPECT_EQ(result, names{});
        co_await c.enter();
        c.notify(1);
        c.release();
        co_await settle();
        EXPECT_EQ(result, names{1});
        co_await c.enter();
        c.notify(1);
        c.notify(2048);
        c.release();
        co_await settle();
        EXPECT_EQ(result, (names{1, 2, 3}));
        EXPECT_TRUE(t1.done() && t2.done() && t3.done());
    };
    weft::testing::run(main());
}

// ConditionTests.test_notify_all
TEST(condition_parity, notify_all_wakes_all) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        names result;
        const auto t1 = weft::create_task(wait_and_release(c, result, 1)),
                   t2 = weft::create_task(wait_and_release(c, result, 2));
        co_await weft::yield_now();
        EXPECT_EQ(result, names{});
        co_await c.enter();
        c.notify_all();
        c.release();
        co_await settle();
        EXPECT_EQ(result, (names{1, 2}));
        EXPECT_TRUE(t1.done() && t2.done());
    };
    weft::testing::run(main());
}

// ConditionTests.test_context_manager, test_explicit_lock
TEST(condition_parity, is_a_context_with_a_lock_of_its_own_or_anothers) {
    const auto main = []() -> weft::task<> {
        const auto check = [](weft::condition& c, weft::lock* l) -> weft::task<> {
            const auto body = [&]() -> weft::task<> {
                EXPECT_TRUE(c.locked());
                if (l) {
                    EXPECT_TRUE(l->locked());
                }
                co_return;
            };
            EXPECT_FALSE(c.locked());
            co_await weft::with(c, body);
            EXPECT_FALSE(c.locked());
            if (l) co_await weft::with(*l, body);
            EXPECT_FALSE(c.locked());
        };
        weft::condition own;
        co_await check(own, nullptr);
        weft::lock l;
        weft::condition shares(l);
        co_await check(shares, &l);
    };
    weft::testing::run(main());
}

// ConditionTests.test_ambiguous_loops
TEST(condition_parity, its_lock_and_itself_are_each_bound_to_a_loop) {
    weft::lock l;
    weft::condition c(l);
    const auto elsewhere = weft::testing::make_virtual_loop();
    const auto binds = [&]() -> weft::task<> {
        auto held = co_await c.acquire();
        const auto waits = weft::create_task(c.acquire());
        co_await settle();
        held.release();
        co_await settle();
        (void)waits;
    };
    elsewhere->run_until_complete(binds());
    const auto main = [&]() -> weft::task<> {
        co_await l.enter();
        weft::condition another(l);
        const std::string refused = "lock: what is waited for is bound to a different event loop";
        EXPECT_EQ(co_await ending(weft::create_task(another.acquire())), refused);
        l.release();
    };
    weft::testing::run(main());

    weft::condition d;
    const auto binds_it = [&]() -> weft::task<> {
        co_await d.enter();
        const auto waits = weft::create_task(d.wait());
        co_await settle();
        co_await d.enter();
        d.notify();
        d.release();
        co_await waits;
        d.release();
    };
    elsewhere->run_until_complete(binds_it());
    const auto again = [&]() -> weft::task<> {
        co_await d.enter();
        EXPECT_EQ(co_await ending(weft::create_task(d.wait())), "condition: it is bound to a different event loop");
        EXPECT_TRUE(d.locked());
    };
    weft::testing::run(again());
}

// ConditionTests.test_timeout_in_block
TEST(condition_parity, ended_by_a_timeout_the_body_of_with_still_has_the_lock) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        co_await weft::with(c, [&]() -> weft::task<> {
            const auto wait = weft::create_task(c.wait());
            weft::get_running_loop().call_later(500ms, [wait] { wait.cancel(); });
            EXPECT_EQ(co_await ending(wait), "cancelled");
            EXPECT_TRUE(c.locked());
        });
        EXPECT_FALSE(c.locked());
    };
    weft::testing::run(main());
}

/// Waits for what never comes and says what it was cancelled with, while it holds the lock.
weft::task<> cancelled_inside(weft::condition& c, const bool& wake, std::string& said) {
    co_await weft::with(c, [&]() -> weft::task<> {
        try {
            co_await c.wait_for([&] { return wake; });
        } catch (const weft::cancelled_error& e) {
            said = e.message();
            EXPECT_TRUE(c.locked());
            throw;
        }
    });
}

// ConditionTests.test_cancelled_error_wakeup
TEST(condition_parity, the_cancellation_that_ended_the_wait_arrives_as_it_was) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        const bool wake = false;
        std::string said;
        const auto t = weft::create_task(cancelled_inside(c, wake, said));
        co_await weft::yield_now();
        t.cancel("foo");
        EXPECT_EQ(co_await ending(t), "cancelled");
        EXPECT_EQ(said, "foo");
    };
    weft::testing::run(main());
}

// ConditionTests.test_cancelled_error_re_aquire
TEST(condition_parity, so_does_one_that_came_while_it_took_the_lock_again) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        bool wake = false;
        std::string said;
        const auto t = weft::create_task(cancelled_inside(c, wake, said));
        co_await weft::yield_now();
        co_await c.enter();
        wake = true;
        c.notify();
        co_await weft::yield_now();
        t.cancel("foo");
        c.release();
        EXPECT_EQ(co_await ending(t), "cancelled");
        EXPECT_EQ(said, "foo");
    };
    weft::testing::run(main());
}

/// Consumes what `state` counts, until it is negative.
weft::task<> consume(weft::condition& c, int& state) {
    const auto held = co_await c.acquire();
    for (;;) {
        co_await c.wait_for([&] { return state != 0; });
        if (state < 0) co_return;
        --state;
    }
}

weft::task<> notification_is_not_lost(bool it_takes_the_lock_again) {
    weft::condition c;
    int state = 0;
    const auto first = weft::create_task(consume(c, state)), second = weft::create_task(consume(c, state));
    co_await weft::yield_now();
    {
        auto held = co_await c.acquire();
        ++state;
        c.notify(1);
        if (it_takes_the_lock_again) co_await weft::yield_now();
        first.cancel();
        held.release();
        co_await weft::sleep(10ms);
        held = co_await c.acquire();
        EXPECT_EQ(state, 0);
        state = -1;
        c.notify_all();
    }
    co_await second;
}

// ConditionTests.test_cancelled_wakeup
TEST(condition_parity, a_notification_to_one_who_is_cancelled_goes_to_the_next) {
    weft::testing::run(notification_is_not_lost(false));
}

// ConditionTests.test_cancelled_wakeup_relock
TEST(condition_parity, so_it_does_if_that_one_was_taking_the_lock_again) {
    weft::testing::run(notification_is_not_lost(true));
}

}  // namespace
