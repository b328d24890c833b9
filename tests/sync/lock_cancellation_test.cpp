// SPDX-License-Identifier: Apache-2.0
// Tasks that are cancelled or destroyed while they wait for a lock: it goes to somebody else.
#include "sync/tasks.hpp"

#include <weft/coro/async_generator.hpp>
#include <weft/flow/with.hpp>
#include <weft/sync/lock.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Cancels the first of two who wait for a lock, before its turn has come or then: the second gets the lock.
weft::task<> cancel_the_first_of_two(bool turn_has_come) {
    weft::lock l;
    std::string log;
    auto held = co_await l.acquire();
    const auto b = weft::create_task(hold(l, log, 'b')), c = weft::create_task(hold(l, log, 'c'));
    co_await settle();
    EXPECT_STREQ(b.core().waiting_at()->kind().name, "lock");
    if (turn_has_come) held.release();
    b.cancel();
    EXPECT_EQ(co_await ending(b), "cancelled");
    if (!turn_has_come) held.release();
    EXPECT_EQ(co_await ending(c), "done");
    EXPECT_EQ(log, "cc");
    EXPECT_FALSE(l.locked());
}

TEST(lock, cancelled_while_waiting_leaves_the_line) { weft::testing::run(cancel_the_first_of_two(false)); }

TEST(lock, a_cancelled_waiter_whose_turn_has_come_passes_the_lock_on) {
    weft::testing::run(cancel_the_first_of_two(true));
}

TEST(lock, the_lock_is_passed_on_even_if_what_was_awaited_lives_on) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        std::string log;
        auto held = co_await l.acquire();
        const auto keeps = [](weft::lock& k) -> weft::task<> {
            auto acquiring = k.acquire();
            try {
                const auto own = co_await acquiring;
            } catch (const weft::cancelled_error&) {
            }
            co_await weft::sleep(1h);
        };
        const auto b = weft::create_task(keeps(l));
        const auto c = weft::create_task(hold(l, log, 'c'));
        co_await settle();
        held.release();
        b.cancel();
        co_await settle();
        EXPECT_TRUE(c.done());
        co_await b;
    };
    weft::testing::run(main());
}

TEST(lock, a_pending_cancellation_is_raised_before_it_waits) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        const auto held = co_await l.acquire();
        const auto b = weft::create_task([](weft::lock& k) -> weft::task<> {
            weft::current_task_core().cancel();
            const auto own = co_await k.acquire();
        }(l));
        EXPECT_EQ(co_await ending(b), "cancelled");
    };
    weft::testing::run(main());
}

TEST(lock, destroyed_while_waiting) {
    const auto alive = std::make_shared<int>(1);
    destroy_while_waiting([&]() {
        return [](std::shared_ptr<int>) -> weft::task<> {
            weft::lock l;
            std::string log;
            const auto held = co_await l.acquire();
            const auto b = weft::create_task(hold(l, log, 'b')), c = weft::create_task(hold(l, log, 'c'));
            co_await weft::sleep(1h);
        }(alive);
    });
    EXPECT_EQ(alive.use_count(), 1);
}

TEST(lock, tasks_destroyed_before_the_lock_leave_it) {
    weft::lock l;
    destroy_while_waiting([&]() -> weft::task<> {
        std::string log;
        const auto held = co_await l.acquire();
        const auto b = weft::create_task(hold(l, log, 'b'));
        co_await weft::sleep(1h);
    });
    EXPECT_FALSE(l.locked());
}

TEST(lock, a_chosen_waiter_that_is_destroyed_before_it_resumes_gives_the_lock_back) {
    weft::lock l;
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    std::string log;
    std::optional<weft::lock::guard> held = l.try_acquire();
    const auto b = weft::create_task_on(*loop, hold(l, log, 'b'));
    loop->run_once();
    held.reset();
    EXPECT_FALSE(l.try_acquire()) << "it is promised";
    loop->close();
    EXPECT_TRUE(l.try_acquire());
}

TEST(lock, a_block_that_is_destroyed_while_it_waits_gives_the_lock_back) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        auto g = std::make_unique<weft::async_generator<int>>([](weft::lock& held) -> weft::async_generator<int> {
            co_await weft::with(held, []() -> weft::task<> { co_await weft::sleep(1h); });
            co_yield 1;
        }(l));
        const auto t =
            weft::create_task([](weft::async_generator<int>& from) -> weft::task<> { (void)co_await from.next(); }(*g));
        co_await weft::sleep(1s);
        EXPECT_TRUE(l.locked());
        g.reset();
        EXPECT_THROW(co_await t, weft::invalid_state_error);
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

// Races

TEST(lock, acquire_release_and_cancel_race_in_every_order) {
    for_many_seeds([](std::uint64_t seed) -> weft::task<> {
        dice d(seed);
        weft::lock l;
        int inside = 0;
        struct presence {
            explicit presence(int& n) : count(n) { EXPECT_EQ(++count, 1); }
            ~presence() { --count; }
            int& count;
        };
        const auto enter = [](weft::lock& k, int& in, int pause) -> weft::task<> {
            const auto held = co_await k.acquire();
            const presence here(in);
            for (int i = 0; i < pause; ++i) co_await weft::yield_now();
        };
        std::vector<weft::task_handle<>> all;
        for (int i = 0; i < 12; ++i) {
            all.push_back(weft::create_task(enter(l, inside, d.roll(3))));
            if (d.roll(3) == 0) co_await weft::yield_now();
            if (d.roll(2) == 0) all[static_cast<std::size_t>(d.roll(i + 1))].cancel();
        }
        for (const auto& h : all) (void)co_await ending(h);
        EXPECT_FALSE(l.locked());
        EXPECT_TRUE(l.try_acquire());
    });
}

}  // namespace
