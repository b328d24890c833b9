// SPDX-License-Identifier: Apache-2.0
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/with.hpp>
#include <weft/sync/lock.hpp>

#include <memory>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

namespace {

TEST(lock, is_held_until_the_scope_ends) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        EXPECT_FALSE(l.locked());
        {
            const auto held = co_await l.acquire();
            EXPECT_TRUE(l.locked());
            EXPECT_TRUE(held);
            EXPECT_FALSE(l.try_acquire());
        }
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

TEST(lock, keeps_tasks_apart_and_serves_them_in_the_order_of_their_coming) {
    const auto main = []() -> weft::task<std::string> {
        weft::lock l;
        std::string log;
        co_await weft::gather(hold(l, log, 'a', 3s), hold(l, log, 'b', 2s), hold(l, log, 'c', 1s));
        co_return log;
    };
    EXPECT_EQ(weft::testing::run(main()), "aabbcc");
}

TEST(lock, whoever_releases_it_and_wants_it_again_stands_behind_those_who_wait) {
    const auto main = []() -> weft::task<std::string> {
        weft::lock l;
        std::string log;
        const auto twice = [](weft::lock& k, std::string& to, char name) -> weft::task<> {
            co_await hold(k, to, name);
            co_await hold(k, to, name);
        };
        co_await weft::gather(twice(l, log, 'a'), twice(l, log, 'b'));
        co_return log;
    };
    EXPECT_EQ(weft::testing::run(main()), "aabbaabb");
}

TEST(lock, between_release_and_the_next_ones_turn_it_is_not_locked_and_cannot_be_had) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        std::string log;
        auto held = co_await l.acquire();
        const auto next = weft::create_task(hold(l, log, 'n'));
        co_await settle();
        held.release();
        EXPECT_FALSE(l.locked());
        EXPECT_FALSE(l.try_acquire());
        EXPECT_THROW(l.release(), weft::invalid_state_error);
        co_await hold(l, log, 'm');
        EXPECT_EQ(log, "nnmm");
        co_await next;
    };
    weft::testing::run(main());
}

TEST(lock, a_guard_is_moved_and_released_once) {
    const auto main = []() -> weft::task<> {
        weft::lock l, other;
        auto a = co_await l.acquire();
        weft::lock::guard b = std::move(a);
        EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move)
        EXPECT_TRUE(b);
        EXPECT_THROW(a.release(), weft::invalid_state_error);
        EXPECT_TRUE(l.locked());
        auto c = co_await other.acquire();
        c = std::move(b);
        EXPECT_FALSE(other.locked());
        EXPECT_TRUE(l.locked());
        auto& same = c;
        c = std::move(same);
        EXPECT_TRUE(l.locked());
        c.release();
        EXPECT_FALSE(l.locked());
        EXPECT_THROW(c.release(), weft::invalid_state_error);
    };
    weft::testing::run(main());
}

TEST(lock, released_by_its_own_name_it_is_held_by_no_guard_any_more) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        {
            const auto stale = co_await l.acquire();
            l.release();
            EXPECT_FALSE(stale);
            const auto held = co_await l.acquire();
            EXPECT_TRUE(held);
        }
        EXPECT_FALSE(l.locked());
        auto outer = co_await l.acquire();
        {
            auto moved = std::move(outer);
            l.release();
            EXPECT_TRUE(l.try_acquire());
        }
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

TEST(lock, is_a_context) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        const auto body = [&]() -> weft::task<int> {
            EXPECT_TRUE(l.locked());
            co_return 7;
        };
        EXPECT_EQ(co_await weft::with(l, body), 7);
        EXPECT_FALSE(l.locked());
        const auto fails = [&]() -> weft::task<> {
            throw std::runtime_error("body");
            co_return;
        };
        EXPECT_THROW(co_await weft::with(l, fails), std::runtime_error);
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

TEST(lock, acquire_may_be_a_task_of_its_own) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        auto first = co_await l.acquire();
        auto second = weft::create_task(l.acquire());
        co_await settle();
        EXPECT_FALSE(second.done());
        first.release();
        {
            const auto held = co_await std::move(second);
            EXPECT_TRUE(l.locked());
        }
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

// Misuse

TEST(lock, releasing_what_is_not_locked_is_an_error) {
    weft::lock l;
    EXPECT_THROW(l.release(), weft::invalid_state_error);
    try {
        l.release();
    } catch (const weft::invalid_state_error& e) {
        EXPECT_STREQ(e.what(), "lock: release() of a lock that is not acquired");
    }
}

TEST(lock, when_it_is_destroyed_those_who_wait_get_an_error_and_guards_are_empty) {
    const auto main = []() -> weft::task<> {
        auto l = std::make_unique<weft::lock>();
        std::string log;
        auto held = co_await l->acquire();
        const auto waits = weft::create_task(hold(*l, log, 'w')), cancelled = weft::create_task(hold(*l, log, 'c'));
        co_await settle();
        cancelled.cancel();
        l.reset();
        EXPECT_FALSE(held);
        EXPECT_EQ(co_await ending(waits), "lock: it was destroyed while a task waited for it");
        EXPECT_EQ(co_await ending(cancelled), "cancelled");

        l = std::make_unique<weft::lock>();
        held = co_await l->acquire();
        const auto chosen = weft::create_task(hold(*l, log, 'd'));
        co_await settle();
        held.release();
        l.reset();
        EXPECT_EQ(co_await ending(chosen), "lock: it was destroyed while a task waited for it");
        EXPECT_EQ(log, "");
    };
    weft::testing::run(main());
}

TEST(lock, is_bound_to_the_loop_where_it_was_first_waited_for) {
    weft::lock l;
    std::string log;
    const auto first = [&]() -> weft::task<> { co_await weft::gather(hold(l, log, 'a'), hold(l, log, 'b')); };
    weft::testing::run(first());
    const auto elsewhere = weft::testing::make_virtual_loop();
    const auto second = [&]() -> weft::task<> {
        co_await hold(l, log, 'c');  // need not wait: nothing is amiss
        const auto held = co_await l.acquire();
        try {
            const auto again = co_await l.acquire();
            ADD_FAILURE() << "it belongs to another loop";
        } catch (const weft::invalid_state_error& e) {
            EXPECT_NE(std::string(e.what()).find("is bound to a different event loop"), std::string::npos) << e.what();
        }
    };
    elsewhere->run_until_complete(second());
    EXPECT_FALSE(l.locked());
    EXPECT_EQ(log, "aabbcc");
}

TEST(lock, in_debug_mode_a_call_from_another_thread_is_an_error) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_debug(true);
    weft::lock l;
    const auto main = [&]() -> weft::task<> {
        std::string log;
        co_await weft::gather(hold(l, log, 'a'), hold(l, log, 'b'));
        const auto held = co_await l.acquire();
        std::string said;
        std::thread([&] {
            try {
                l.release();
            } catch (const weft::invalid_state_error& e) {
                said = e.what();
            }
        }).join();
        EXPECT_NE(said.find("lock: release() was called outside the thread"), std::string::npos) << said;
        EXPECT_TRUE(l.locked());
    };
    loop->run_until_complete(main());
    EXPECT_TRUE(l.try_acquire()) << "the loop does not run: whoever calls now cannot disturb it";
    loop->close();
    EXPECT_TRUE(l.try_acquire());
}

}  // namespace
