// SPDX-License-Identifier: Apache-2.0
#include "coro/live_object.hpp"
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/sync/queue.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

template <class T>
weft::task<> get_into(weft::queue<T>& q, std::vector<T>& to) {
    to.push_back(co_await q.get());
}

TEST(queue, passes_items_on_in_their_order) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{2};
        std::vector<int> got;
        const auto producer = [](weft::queue<int>& to) -> weft::task<> {
            for (int i = 0; i < 100; ++i) co_await to.put(i);
            to.shutdown();
        };
        const auto consumer = [](weft::queue<int>& from, std::vector<int>& into) -> weft::task<> {
            try {
                for (;;) into.push_back(co_await from.get());
            } catch (const weft::queue_shut_down&) {
            }
        };
        co_await weft::gather(producer(q), consumer(q, got));
        EXPECT_EQ(got.size(), 100u);
        EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
    };
    weft::testing::run(main());
}

TEST(queue, takes_what_can_only_be_moved) {
    const auto main = []() -> weft::task<> {
        weft::queue<std::unique_ptr<int>> q{1};
        const auto h = weft::create_task(q.put(std::make_unique<int>(1)));
        const auto waits = weft::create_task(q.put(std::make_unique<int>(2)));
        co_await settle();
        auto own = std::make_unique<int>(3);
        EXPECT_THROW(q.try_put(std::move(own)), weft::queue_full);
        EXPECT_EQ(*own, 3) << "it is left alone";  // NOLINT(bugprone-use-after-move)
        EXPECT_EQ(*co_await q.get(), 1);
        EXPECT_EQ(*co_await q.get(), 2);
        q.try_put(std::move(own));
        EXPECT_EQ(*q.try_get(), 3);
        q.shutdown();
        own = std::make_unique<int>(4);
        EXPECT_THROW(q.try_put(std::move(own)), weft::queue_shut_down);
        EXPECT_EQ(*own, 4);  // NOLINT(bugprone-use-after-move)
    };
    weft::testing::run(main());
}

TEST(queue, says_how_much_is_in_it_and_who_waits_for_it) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{1};
        const auto getter = weft::create_task(q.get());
        co_await settle();
        EXPECT_STREQ(getter.core().waiting_at()->kind().name, "queue get");
        q.try_put(1);
        EXPECT_EQ(q.size(), 1u) << "until the getter runs it is in the queue";
        EXPECT_TRUE(q.full());
        co_await getter;
        EXPECT_TRUE(q.empty());
        const auto joiner = weft::create_task(q.join());
        co_await q.put(2);
        const auto putter = weft::create_task(q.put(3));
        co_await settle();
        EXPECT_STREQ(putter.core().waiting_at()->kind().name, "queue put");
        EXPECT_STREQ(joiner.core().waiting_at()->kind().name, "queue join");
        (void)q.try_get();
        co_await putter;
        for (int i = 0; i < 3; ++i) q.task_done();
        co_await joiner;
    };
    weft::testing::run(main());
}

// Fairness

TEST(queue, a_newcomer_does_not_take_what_is_promised_to_one_who_has_waited) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q;
        std::vector<int> first, second;
        const auto waits = weft::create_task(get_into(q, first));
        co_await settle();
        q.try_put(1);
        EXPECT_THROW(q.try_get(), weft::queue_empty);
        const auto newcomer = weft::create_task(get_into(q, second));
        co_await settle();
        q.try_put(2);
        co_await weft::gather(waits, newcomer);
        EXPECT_EQ(first, std::vector<int>{1});
        EXPECT_EQ(second, std::vector<int>{2});
        const auto again = weft::create_task(get_into(q, first));
        co_await settle();
        q.try_put(3);
        q.try_put(4);
        EXPECT_NO_THROW((void)q.try_get()) << "there is more than was promised";
        co_await again;
    };
    weft::testing::run(main());
}

TEST(queue, a_newcomer_does_not_take_the_place_that_is_promised_to_one_who_has_waited) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{1};
        q.try_put(1);
        const auto waits = weft::create_task(q.put(2));
        co_await settle();
        EXPECT_EQ(q.try_get(), 1);
        EXPECT_FALSE(q.full());
        EXPECT_THROW(q.try_put(9), weft::queue_full);
        const auto newcomer = weft::create_task(q.put(3));
        EXPECT_EQ(co_await q.get(), 2);
        EXPECT_EQ(co_await q.get(), 3);
        co_await weft::gather(waits, newcomer);
    };
    weft::testing::run(main());
}

// Cancellation

TEST(queue, cancelled_while_waiting_and_after_it_was_promised_something) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{1};
        std::vector<int> got;
        const auto a = weft::create_task(get_into(q, got)), b = weft::create_task(get_into(q, got)),
                   c = weft::create_task(get_into(q, got));
        co_await settle();
        a.cancel();
        q.try_put(1);
        b.cancel();
        co_await settle();
        EXPECT_TRUE(a.cancelled() && b.cancelled() && c.done());
        EXPECT_EQ(got, std::vector<int>{1});

        q.try_put(2);
        const auto x = weft::create_task(q.put(3)), y = weft::create_task(q.put(4)), z = weft::create_task(q.put(5));
        co_await settle();
        x.cancel();
        EXPECT_EQ(q.try_get(), 2);
        y.cancel();
        co_await settle();
        EXPECT_TRUE(x.cancelled() && y.cancelled() && z.done());
        EXPECT_EQ(q.try_get(), 5);
        EXPECT_TRUE(q.empty());

        q.try_put(6);
        const auto joiner = weft::create_task(q.join());
        co_await settle();
        joiner.cancel();
        EXPECT_EQ(co_await ending(joiner), "cancelled");
    };
    weft::testing::run(main());
}

TEST(queue, destroyed_while_waiting) {
    live_object::reset();
    {
        weft::queue<live_object> outside{1};
        destroy_while_waiting([&]() -> weft::task<> {
            weft::queue<live_object> empty, full{1};
            co_await full.put(live_object(1));
            const auto g = weft::create_task(empty.get());
            const auto p = weft::create_task(full.put(live_object(2)));
            co_await outside.put(live_object(3));
            const auto q = weft::create_task(outside.put(live_object(4)));
            const auto j = weft::create_task(outside.join());
            co_await weft::sleep(1h);
        });
        EXPECT_EQ(outside.size(), 1u);
        EXPECT_EQ(live_object::count, 1);
        EXPECT_EQ(outside.try_get().value, 3);
        outside.try_put(5);
    }
    EXPECT_EQ(live_object::count, 0);
}

TEST(queue, what_was_promised_to_tasks_that_are_destroyed_is_there_for_others) {
    weft::queue<int> items, places{1};
    places.try_put(1);
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto g = weft::create_task_on(*loop, to_task(items.get()));
    const auto p = weft::create_task_on(*loop, to_task(places.put(2)));
    loop->run_once();
    items.try_put(1);
    EXPECT_EQ(places.try_get(), 1);
    EXPECT_THROW(items.try_get(), weft::queue_empty);
    EXPECT_THROW(places.try_put(3), weft::queue_full);
    loop->close();
    EXPECT_EQ(items.try_get(), 1);
    places.try_put(3);
    EXPECT_EQ(places.try_get(), 3);
}

// Shutting down

TEST(queue, shut_down_while_an_item_is_promised_to_one_who_is_cancelled_it_goes_to_another) {
    const auto main = [](std::uint64_t) -> weft::task<> {
        weft::queue<int> q;
        std::vector<int> got;
        const auto first = weft::create_task(get_into(q, got));
        co_await settle();
        const auto second = weft::create_task(get_into(q, got));
        co_await settle();
        q.try_put(1);
        q.shutdown();
        first.cancel();
        const auto latecomer = weft::create_task(q.get());
        EXPECT_EQ(co_await ending(first), "cancelled");
        EXPECT_EQ(co_await ending(second), "done");
        EXPECT_EQ(co_await ending(latecomer), "queue is shut down");
        EXPECT_EQ(got, std::vector<int>{1});
    };
    for_many_seeds(main);
}

TEST(queue, shut_down_it_lets_those_go_who_wait_when_the_last_item_has_been_got) {
    const auto main = [](std::uint64_t) -> weft::task<> {
        weft::queue<int> q;
        std::vector<int> got;
        const auto first = weft::create_task(get_into(q, got));
        co_await settle();
        const auto second = weft::create_task(get_into(q, got));
        co_await settle();
        q.try_put(1);
        q.shutdown();
        EXPECT_EQ(co_await ending(second), "queue is shut down");
        EXPECT_EQ(co_await ending(first), "done");
        EXPECT_EQ(got, std::vector<int>{1});
    };
    for_many_seeds(main);
}

TEST(queue, shut_down_at_once_nothing_is_left_even_for_those_to_whom_it_was_promised) {
    live_object::reset();
    const auto main = []() -> weft::task<> {
        weft::queue<live_object> q;
        const auto g = weft::create_task(q.get());
        co_await settle();
        q.try_put(1);
        q.shutdown(true);
        q.shutdown(true);
        EXPECT_EQ(live_object::count, 0);
        EXPECT_EQ(co_await ending(g), "queue is shut down");
        co_await q.join();
    };
    weft::testing::run(main());
}

// Misuse

TEST(queue, when_it_is_destroyed_those_who_wait_get_an_error) {
    live_object::reset();
    const auto main = []() -> weft::task<> {
        auto q = std::make_unique<weft::queue<live_object>>(1);
        const auto getter = weft::create_task(q->get()), chosen = weft::create_task(q->get());
        co_await settle();
        q->try_put(1);
        q.reset();
        EXPECT_EQ(co_await ending(getter), "queue get: it was destroyed while a task waited for it");
        EXPECT_EQ(co_await ending(chosen), "queue get: it was destroyed while a task waited for it");
        q = std::make_unique<weft::queue<live_object>>(1);
        q->try_put(1);
        const auto putter = weft::create_task(q->put(live_object(2)));
        const auto joiner = weft::create_task(q->join());
        co_await settle();
        q.reset();
        EXPECT_EQ(co_await ending(putter), "queue put: it was destroyed while a task waited for it");
        EXPECT_EQ(co_await ending(joiner), "queue join: it was destroyed while a task waited for it");
    };
    weft::testing::run(main());
    EXPECT_EQ(live_object::count, 0);
}

TEST(queue, an_item_whose_move_fails_is_not_lost) {
    live_object::reset();
    const auto main = []() -> weft::task<> {
        weft::queue<live_object> q{1};
        co_await q.put(live_object(1));
        live_object::moves_until_failure = 0;
        EXPECT_THROW((void)co_await q.get(), std::runtime_error);
        live_object::moves_until_failure = 0;
        EXPECT_THROW((void)q.try_get(), std::runtime_error);
        live_object::moves_until_failure = -1;
        EXPECT_EQ(q.size(), 1u);
        EXPECT_EQ((co_await q.get()).value, 1);
        auto putting = q.put(live_object(2));
        live_object::moves_until_failure = 0;
        EXPECT_THROW(co_await putting, std::runtime_error);
        live_object::moves_until_failure = -1;
        EXPECT_TRUE(q.empty());
        q.try_put(3);
    };
    weft::testing::run(main());
    EXPECT_EQ(live_object::count, 0);
}

TEST(queue, belongs_to_one_loop_and_in_debug_mode_to_its_thread) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_debug(true);
    weft::queue<int> q;
    const auto main = [&]() -> weft::task<> {
        const auto getter = weft::create_task(q.get());
        co_await settle();
        std::thread([&] {
            EXPECT_THROW(q.try_put(1), weft::invalid_state_error);
            EXPECT_THROW((void)q.try_get(), weft::invalid_state_error);
            EXPECT_THROW(q.task_done(), weft::invalid_state_error);
            EXPECT_THROW(q.shutdown(), weft::invalid_state_error);
        }).join();
        EXPECT_FALSE(getter.done());
        q.try_put(2);
        EXPECT_EQ(co_await getter, 2);
    };
    loop->run_until_complete(main());
    const auto other = weft::testing::make_virtual_loop();
    const auto elsewhere = [&]() -> weft::task<> {
        EXPECT_EQ(co_await ending(weft::create_task(q.get())),
                  "queue get: what is waited for is bound to a different event loop");
    };
    other->run_until_complete(elsewhere());
}

// Races

TEST(queue, no_item_is_lost_or_doubled_whoever_is_cancelled_and_in_whatever_order) {
    live_object::reset();
    for_many_seeds([](std::uint64_t seed) -> weft::task<> {
        dice d(seed);
        const int maxsize = d.roll(4);
        weft::queue<live_object> q(static_cast<std::size_t>(maxsize));
        std::vector<int> got, put;
        const auto getter = [](weft::queue<live_object>& from, std::vector<int>& to) -> weft::task<> {
            const live_object item = co_await from.get();
            to.push_back(item.value);
        };
        const auto putter = [](weft::queue<live_object>& to, std::vector<int>& done, int i) -> weft::task<> {
            co_await to.put(live_object(i));
            done.push_back(i);
        };
        std::vector<weft::task_handle<>> all;
        for (int i = 0; i < 20; ++i) {
            all.push_back(d.roll(2) ? weft::create_task(getter(q, got)) : weft::create_task(putter(q, put, i)));
            for (int k = d.roll(3); k > 0; --k) co_await weft::yield_now();
            if (d.roll(3) == 0) all[static_cast<std::size_t>(d.roll(i + 1))].cancel();
            if (maxsize > 0) {
                EXPECT_LE(q.size(), static_cast<std::size_t>(maxsize));
            }
        }
        co_await settle();
        q.shutdown();
        for (const auto& h : all) (void)co_await ending(h);
        while (!q.empty()) got.push_back(q.try_get().value);
        std::sort(got.begin(), got.end());
        std::sort(put.begin(), put.end());
        EXPECT_EQ(got, put);
        EXPECT_EQ(live_object::count, 0);
    });
}

}  // namespace
