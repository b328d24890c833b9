// SPDX-License-Identifier: Apache-2.0
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/with.hpp>
#include <weft/sync/condition.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

weft::task<> wait_at(weft::condition& c, std::string& log, char name) {
    const auto held = co_await c.acquire();
    co_await c.wait();
    EXPECT_TRUE(held);
    EXPECT_TRUE(c.locked());
    log += name;
}
weft::task<> enter(weft::lock& l, std::string& log, char name, weft::clock::duration d = 0s) {
    const auto held = co_await l.acquire();
    log += name;
    co_await weft::sleep(d);
}

TEST(condition, wait_gives_the_lock_back_and_has_it_again_when_it_is_notified) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        std::string log;
        const auto a = weft::create_task(wait_at(c, log, 'a')), b = weft::create_task(wait_at(c, log, 'b'));
        co_await settle();
        EXPECT_FALSE(c.locked());
        EXPECT_STREQ(a.core().waiting_at()->kind().name, "condition");
        {
            const auto held = co_await c.acquire();
            c.notify();
            co_await settle();
            EXPECT_STREQ(a.core().waiting_at()->kind().name, "lock");
        }
        co_await a;
        EXPECT_EQ(log, "a");
        EXPECT_FALSE(c.locked());
        co_await c.enter();
        c.notify_all();
        c.release();
        co_await b;
        EXPECT_EQ(log, "ab");
        EXPECT_FALSE(c.locked());
    };
    weft::testing::run(main());
}

TEST(condition, the_guard_is_dormant_while_its_task_waits) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        std::optional<weft::lock::guard> held;
        const auto a = weft::create_task([](weft::condition& k, std::optional<weft::lock::guard>& g) -> weft::task<> {
            g = co_await k.acquire();
            co_await k.wait();
            EXPECT_TRUE(k.locked());
        }(c, held));
        co_await settle();
        EXPECT_THROW(held->release(), weft::invalid_state_error);
        {
            const auto mine = co_await c.acquire();
            weft::lock::guard moved = std::move(*held);  // a guard may be moved, whatever it holds
            held = std::move(moved);
            EXPECT_TRUE(c.locked());
            c.notify();
        }
        co_await a;
        EXPECT_TRUE(c.locked());
        held->release();
        EXPECT_FALSE(c.locked());
    };
    weft::testing::run(main());
}

TEST(condition, wait_for_may_be_asked_again_and_again_and_gives_what_the_predicate_gave) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        std::vector<int> items;
        const auto consumer = weft::create_task([](weft::condition& k, std::vector<int>& from) -> weft::task<int> {
            const auto held = co_await k.acquire();
            const int* first = co_await k.wait_for([&] { return from.empty() ? nullptr : from.data(); });
            co_return *first;
        }(c, items));
        for (int i = 0; i < 3; ++i) {
            co_await settle();
            const auto held = co_await c.acquire();
            if (i == 2) items.push_back(7);
            c.notify();
        }
        EXPECT_EQ(co_await consumer, 7);
    };
    weft::testing::run(main());
}

TEST(condition, several_conditions_share_one_lock) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        weft::condition one(l), two(l);
        std::string log;
        const auto a = weft::create_task(wait_at(one, log, 'a')), b = weft::create_task(wait_at(two, log, 'b'));
        co_await settle();
        co_await weft::with(l, [&]() -> weft::task<> {
            two.notify_all();
            co_return;
        });
        co_await b;
        EXPECT_EQ(log, "b");
        EXPECT_TRUE(one.try_acquire());
        co_await one.enter();
        one.notify_all();
        one.release();
        co_await a;
    };
    weft::testing::run(main());
}

// Cancellation

TEST(condition, cancelled_while_waiting_it_is_raised_when_the_lock_is_had_again) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        std::string log;
        const auto a = weft::create_task(wait_at(c, log, 'a'));
        co_await settle();
        {
            const auto held = co_await c.acquire();
            a.cancel();
            co_await settle();
            EXPECT_FALSE(a.done()) << "the lock is not free";
        }
        EXPECT_EQ(co_await ending(a), "cancelled");
        EXPECT_FALSE(c.locked());
    };
    weft::testing::run(main());
}

TEST(condition, cancelled_with_a_cancellation_pending_it_gives_nothing_away) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        const auto a = weft::create_task([](weft::condition& k) -> weft::task<> {
            const auto held = co_await k.acquire();
            weft::current_task_core().cancel();
            EXPECT_FALSE(k.try_acquire());
            co_await k.wait();
        }(c));
        EXPECT_EQ(co_await ending(a), "cancelled");
        EXPECT_FALSE(c.locked());
    };
    weft::testing::run(main());
}

TEST(condition, cancelled_while_it_takes_the_lock_again_it_goes_to_the_end_of_the_line) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        weft::lock l;
        weft::condition shares(l);
        std::string log;
        const auto a = weft::create_task([](weft::condition& k, std::string& to) -> weft::task<> {
            const auto held = co_await k.acquire();
            try {
                co_await k.wait();
            } catch (const weft::cancelled_error& e) {
                to += "a(" + e.message() + ")";
                EXPECT_TRUE(k.locked());
            }
        }(shares, log));
        co_await settle();
        auto held = co_await l.acquire();
        shares.notify();
        co_await settle();
        const auto b = weft::create_task(enter(l, log, 'b', 1s));
        co_await settle();
        a.cancel("first");
        a.cancel("second");
        held.release();
        co_await a;
        EXPECT_EQ(log, "ba(first)");
        EXPECT_EQ(a.cancelling(), 2u);
        co_await b;
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

TEST(condition, cancelled_while_it_takes_the_lock_again_it_leaves_the_line_until_its_turn_to_run) {
    const auto main = []() -> weft::task<> {
        weft::condition c;
        std::string log;
        const auto a = weft::create_task([](weft::condition& k, std::string& to) -> weft::task<> {
            const auto held = co_await k.acquire();
            try {
                co_await k.wait();
            } catch (const weft::cancelled_error&) {
                to += 'a';
                EXPECT_TRUE(k.locked());
            }
        }(c, log));
        co_await settle();
        auto held = co_await c.acquire();
        c.notify();
        co_await settle();
        a.cancel();
        held.release();
        held = co_await c.acquire();  // at once: nobody stands in line
        log += 'b';
        held.release();
        co_await a;
        EXPECT_EQ(log, "ba");
        EXPECT_FALSE(c.locked());
    };
    weft::testing::run(main());
}

TEST(condition, cancelled_when_it_was_to_have_the_lock_again_it_lets_the_next_one_go_first) {
    const auto main = []() -> weft::task<> {
        weft::lock l;
        weft::condition c(l);
        std::string log;
        const auto a = weft::create_task([](weft::condition& k, std::string& to) -> weft::task<> {
            const auto held = co_await k.acquire();
            try {
                co_await k.wait();
            } catch (const weft::cancelled_error&) {
                to += 'a';
                EXPECT_TRUE(k.locked());
            }
        }(c, log));
        co_await settle();
        auto held = co_await l.acquire();
        c.notify();
        co_await settle();
        const auto b = weft::create_task(enter(l, log, 'b', 1s));
        co_await settle();
        held.release();
        a.cancel();
        co_await a;
        EXPECT_EQ(log, "ba");
        co_await b;
        EXPECT_FALSE(l.locked());
    };
    weft::testing::run(main());
}

TEST(condition, destroyed_while_waiting_at_each_stage) {
    destroy_while_waiting([]() -> weft::task<> {
        weft::condition c;
        std::string log;
        const auto waits = weft::create_task(wait_at(c, log, 'w')), retakes = weft::create_task(wait_at(c, log, 'r'));
        co_await settle();
        const auto held = co_await c.acquire();
        c.notify();
        co_await weft::sleep(1h);
    });
    weft::condition outside;
    std::string log;
    destroy_while_waiting([&]() -> weft::task<> {
        const auto waits = weft::create_task(wait_at(outside, log, 'w')),
                   retakes = weft::create_task(wait_at(outside, log, 'r'));
        co_await settle();
        const auto held = co_await outside.acquire();
        outside.notify();
        co_await weft::sleep(1h);
    });
    EXPECT_FALSE(outside.locked());
    EXPECT_TRUE(outside.try_acquire());
}

// Misuse

TEST(condition, when_it_is_destroyed_those_who_wait_get_an_error_and_have_no_lock) {
    const auto main = []() -> weft::task<> {
        const std::string gone = "condition: it was destroyed while a task waited for it";
        std::string log;
        auto c = std::make_unique<weft::condition>();
        const auto a = weft::create_task(wait_at(*c, log, 'a'));
        co_await settle();
        c.reset();
        EXPECT_EQ(co_await ending(a), gone);

        weft::lock l;
        c = std::make_unique<weft::condition>(l);
        const auto b = weft::create_task(wait_at(*c, log, 'b'));
        co_await settle();
        c.reset();
        EXPECT_EQ(co_await ending(b), gone);
        EXPECT_FALSE(l.locked());

        c = std::make_unique<weft::condition>(l);
        const auto d = weft::create_task(wait_at(*c, log, 'd'));
        co_await settle();
        {
            const auto held = co_await c->acquire();
            c->notify();
            co_await settle();
            c.reset();
        }
        EXPECT_EQ(co_await ending(d), gone);
        EXPECT_FALSE(l.locked());

        c = std::make_unique<weft::condition>();
        const auto e = weft::create_task(wait_at(*c, log, 'e'));
        co_await settle();
        auto held = co_await c->acquire();
        c->notify();
        co_await settle();
        c.reset();
        EXPECT_FALSE(held);
        EXPECT_EQ(co_await ending(e), "lock: it was destroyed while a task waited for it");
        EXPECT_EQ(log, "");
    };
    weft::testing::run(main());
}

// Races

TEST(condition, no_notification_is_lost_whoever_is_cancelled_and_in_whatever_order) {
    for_many_seeds([](std::uint64_t seed) -> weft::task<> {
        dice d(seed);
        weft::condition c;
        int items = 0, consumed = 0;
        const auto consume = [](weft::condition& k, int& from, int& to) -> weft::task<> {
            const auto held = co_await k.acquire();
            co_await k.wait_for([&] { return from > 0; });
            EXPECT_TRUE(k.locked());
            --from;
            ++to;
        };
        const auto produce = [](weft::condition& k, int& to, int pause) -> weft::task<> {
            for (int i = 0; i < pause; ++i) co_await weft::yield_now();
            const auto held = co_await k.acquire();
            ++to;
            k.notify();
        };
        std::vector<weft::task_handle<>> consumers, producers;
        for (int i = 0; i < 10; ++i) {
            consumers.push_back(weft::create_task(consume(c, items, consumed)));
            producers.push_back(weft::create_task(produce(c, items, d.roll(4))));
            for (int k = d.roll(3); k > 0; --k) co_await weft::yield_now();
            if (d.roll(2) == 0) consumers[static_cast<std::size_t>(d.roll(i + 1))].cancel();
        }
        co_await weft::gather(producers);
        int cancelled = 0;
        for (const auto& h : consumers) cancelled += co_await ending(h) == "cancelled";  // else: a deadlock
        EXPECT_EQ(consumed + cancelled, 10);
        EXPECT_EQ(consumed + items, 10);
        EXPECT_FALSE(c.locked());
    });
}

TEST(condition, destroyed_with_its_lock_while_one_takes_it_again_and_is_cancelled) {
    const auto main = [](bool cancelled_first) -> weft::task<> {
        auto c = std::make_unique<weft::condition>();
        const auto a = weft::create_task([](weft::condition& k) -> weft::task<> {
            const auto held = co_await k.acquire();
            co_await k.wait();
        }(*c));
        co_await settle();
        {
            const auto held = co_await c->acquire();
            c->notify();
            co_await settle();
            if (cancelled_first) a.cancel();
            c.reset();
            if (!cancelled_first) a.cancel();
        }
        EXPECT_EQ(co_await ending(a), "cancelled");
    };
    weft::testing::run(main(true));
    weft::testing::run(main(false));
}

}  // namespace
