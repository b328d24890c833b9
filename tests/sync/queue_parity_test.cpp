// SPDX-License-Identifier: Apache-2.0
// What CPython 3.13's test_queues.py asserts of asyncio.Queue, LifoQueue and PriorityQueue, test by test.
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/sync/lifo_queue.hpp>
#include <weft/sync/priority_queue.hpp>
#include <weft/sync/queue.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

// QueueBasicTests.test_empty
TEST(queue_parity, is_empty_until_something_is_put_and_after_it_was_got) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q;
        EXPECT_TRUE(q.empty());
        co_await q.put(1);
        EXPECT_FALSE(q.empty());
        EXPECT_EQ(co_await q.get(), 1);
        EXPECT_TRUE(q.empty());
    };
    weft::testing::run(main());
}

// QueueBasicTests.test_full
TEST(queue_parity, is_full_when_it_has_as_many_as_it_can) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> unbounded;
        EXPECT_FALSE(unbounded.full());
        weft::queue<int> q{1};
        co_await q.put(1);
        EXPECT_TRUE(q.full());
    };
    weft::testing::run(main());
}

template <class Queue>
weft::task<std::vector<int>> through(std::vector<int> items) {
    Queue q;
    for (const int i : items) co_await q.put(i);
    for (int& i : items) i = co_await q.get();
    co_return items;
}

// QueueBasicTests.test_order, LifoQueueTests.test_order, PriorityQueueTests.test_order
TEST(queue_parity, each_kind_has_its_order) {
    using items = std::vector<int>;
    EXPECT_EQ(weft::testing::run(through<weft::queue<int>>({1, 3, 2})), (items{1, 3, 2}));
    EXPECT_EQ(weft::testing::run(through<weft::lifo_queue<int>>({1, 3, 2})), (items{2, 3, 1}));
    EXPECT_EQ(weft::testing::run(through<weft::priority_queue<int>>({1, 3, 2})), (items{1, 2, 3}));
}

// QueueBasicTests.test_maxsize
TEST(queue_parity, put_waits_while_it_is_full) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{2};
        EXPECT_EQ(q.maxsize(), 2u);
        std::vector<int> put;
        const auto t = weft::create_task([](weft::queue<int>& to, std::vector<int>& done) -> weft::task<> {
            for (int i = 0; i < 3; ++i) {
                co_await to.put(i);
                done.push_back(i);
            }
        }(q, put));
        for (int i = 0; i < 2; ++i) co_await weft::yield_now();
        EXPECT_EQ(put, (std::vector<int>{0, 1}));
        EXPECT_EQ(co_await q.get(), 0);
        co_await weft::yield_now();
        EXPECT_EQ(put, (std::vector<int>{0, 1, 2}));
        EXPECT_EQ(co_await q.get(), 1);
        EXPECT_EQ(co_await q.get(), 2);
        EXPECT_TRUE(t.done());
    };
    weft::testing::run(main());
}

// QueueGetTests.test_blocking_get, test_nonblocking_get, test_nonblocking_get_exception; QueuePutTests.test_blocking_put,
// test_nonblocking_put, test_nonblocking_put_exception
TEST(queue_parity, what_need_not_wait_does_not) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q;
        q.try_put(1);
        EXPECT_EQ(co_await q.get(), 1);
        co_await q.put(2);
        EXPECT_EQ(q.try_get(), 2);
        EXPECT_THROW(q.try_get(), weft::queue_empty);
        weft::queue<int> one{1};
        one.try_put(1);
        EXPECT_THROW(one.try_put(2), weft::queue_full);
    };
    weft::testing::run(main());
}

// QueueGetTests.test_get_with_putters
TEST(queue_parity, a_get_lets_a_putter_go_on) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{1};
        co_await q.put(1);
        const auto putter = weft::create_task(q.put(2));
        co_await weft::yield_now();
        EXPECT_EQ(co_await q.get(), 1);
        co_await weft::yield_now();
        EXPECT_TRUE(putter.done());
    };
    weft::testing::run(main());
}

// QueueGetTests.test_blocking_get_wait
TEST(queue_parity, get_waits_while_there_is_nothing) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q;
        weft::event started;
        const auto t = weft::create_task([](weft::queue<int>& from, weft::event& s) -> weft::task<int> {
            s.set();
            co_return co_await from.get();
        }(q, started));
        co_await started.wait();
        EXPECT_FALSE(t.done());
        weft::get_running_loop().call_later(10ms, [&] { q.try_put(1); });
        EXPECT_EQ(co_await t, 1);
    };
    weft::testing::run(main());
}

// QueueGetTests.test_get_cancelled_race
TEST(queue_parity, an_item_passes_over_a_getter_that_was_cancelled) {
    const auto main = []() -> weft::task<> {
        weft::queue<char> q;
        const auto t1 = weft::create_task(q.get()), t2 = weft::create_task(q.get());
        co_await weft::yield_now();
        t1.cancel();
        co_await weft::yield_now();
        EXPECT_TRUE(t1.done());
        co_await q.put('a');
        co_await weft::yield_now();
        EXPECT_EQ(co_await t2, 'a');
    };
    weft::testing::run(main());
}

// QueueGetTests.test_get_with_waiting_putters
TEST(queue_parity, what_putters_wait_with_is_got_in_their_order) {
    const auto main = []() -> weft::task<> {
        weft::queue<char> q{1};
        const auto a = weft::create_task(q.put('a')), b = weft::create_task(q.put('b'));
        EXPECT_EQ(co_await q.get(), 'a');
        EXPECT_EQ(co_await q.get(), 'b');
    };
    weft::testing::run(main());
}

// QueueGetTests.test_why_are_getters_waiting
TEST(queue_parity, a_producer_and_a_consumer_that_are_out_of_step_get_to_the_end) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{1};
        const auto consumer = [](weft::queue<int>& from, int items) -> weft::task<> {
            for (int i = 0; i < items; ++i) EXPECT_EQ(co_await from.get(), i);
        };
        const auto producer = [](weft::queue<int>& to, int items) -> weft::task<> {
            for (int i = 0; i < items; ++i) co_await to.put(i);
        };
        co_await weft::gather(producer(q, 5), consumer(q, 5));
    };
    weft::testing::run(main());
}

// QueueGetTests.test_cancelled_getters_not_being_held_in_self_getters
TEST(queue_parity, a_get_that_timed_out_waits_no_longer) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{5};
        const auto get = weft::create_task(q.get());
        weft::get_running_loop().call_later(100ms, [get] { get.cancel(); });
        EXPECT_EQ(co_await ending(get), "cancelled");
        q.try_put(1);
        EXPECT_EQ(q.try_get(), 1);
    };
    weft::testing::run(main());
}

// QueuePutTests.test_blocking_put_wait
TEST(queue_parity, put_goes_on_when_there_is_room) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{1};
        weft::event started;
        const auto t = weft::create_task([](weft::queue<int>& to, weft::event& s) -> weft::task<> {
            s.set();
            co_await to.put(1);
            co_await to.put(2);
        }(q, started));
        weft::get_running_loop().call_later(10ms, [&] { (void)q.try_get(); });
        co_await started.wait();
        EXPECT_FALSE(t.done());
        co_await t;
    };
    weft::testing::run(main());
}

// QueuePutTests.test_get_cancel_drop_one_pending_reader
TEST(queue_parity, the_item_of_a_getter_that_is_cancelled_stays_first) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q;
        const auto reader = weft::create_task(q.get());
        co_await weft::yield_now();
        q.try_put(1);
        q.try_put(2);
        reader.cancel();
        EXPECT_EQ(co_await ending(reader), "cancelled");
        EXPECT_EQ(co_await q.get(), 1);
    };
    weft::testing::run(main());
}

// QueuePutTests.test_get_cancel_drop_many_pending_readers
TEST(queue_parity, the_item_of_a_getter_that_is_cancelled_goes_to_another_one) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q;
        const auto r1 = weft::create_task(q.get()), r2 = weft::create_task(q.get()), r3 = weft::create_task(q.get());
        co_await weft::yield_now();
        q.try_put(1);
        q.try_put(2);
        r1.cancel();
        EXPECT_EQ(co_await ending(r1), "cancelled");
        const int second = co_await r2, third = co_await r3;
        EXPECT_EQ((std::set<int>{second, third}), (std::set<int>{1, 2}));
    };
    weft::testing::run(main());
}

// QueuePutTests.test_put_cancel_drop
TEST(queue_parity, a_putter_that_is_cancelled_when_it_could_go_on_has_put_nothing) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{1};
        q.try_put(1);
        const auto writer = weft::create_task(q.put(2));
        co_await weft::yield_now();
        EXPECT_EQ(q.try_get(), 1);
        writer.cancel();
        EXPECT_EQ(co_await ending(writer), "cancelled");
        co_await q.put(2);
        EXPECT_EQ(q.try_get(), 2);
        EXPECT_EQ(q.size(), 0u);
    };
    weft::testing::run(main());
}

// QueuePutTests.test_put_cancelled
TEST(queue_parity, a_get_has_what_a_task_put_that_is_done) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q;
        const auto t = weft::create_task(q.put(1));
        EXPECT_EQ(co_await q.get(), 1);
        EXPECT_TRUE(t.done());
    };
    weft::testing::run(main());
}

// QueuePutTests.test_put_cancelled_race
TEST(queue_parity, a_place_passes_over_a_putter_that_was_cancelled) {
    const auto main = []() -> weft::task<> {
        weft::queue<char> q{1};
        const auto a = weft::create_task(q.put('a')), b = weft::create_task(q.put('b')),
                   c = weft::create_task(q.put('X'));
        co_await weft::yield_now();
        EXPECT_TRUE(a.done());
        EXPECT_FALSE(b.done());
        c.cancel();
        co_await weft::yield_now();
        EXPECT_TRUE(c.done());
        EXPECT_EQ(q.try_get(), 'a');
        co_await weft::yield_now();
        EXPECT_EQ(q.try_get(), 'b');
        co_await b;
    };
    weft::testing::run(main());
}

// QueuePutTests.test_put_with_waiting_getters
TEST(queue_parity, a_put_lets_a_getter_go_on) {
    const auto main = []() -> weft::task<> {
        weft::queue<char> q;
        const auto t = weft::create_task(q.get());
        co_await weft::yield_now();
        co_await q.put('a');
        EXPECT_EQ(co_await t, 'a');
    };
    weft::testing::run(main());
}

// QueuePutTests.test_why_are_putters_waiting
TEST(queue_parity, as_many_putters_go_on_as_items_were_got) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{2};
        const auto getter = [](weft::queue<int>& from) -> weft::task<> {
            co_await weft::yield_now();
            for (std::size_t count = from.size(); count > 0; --count) (void)from.try_get();
        };
        co_await weft::gather(getter(q), q.put(0), q.put(1), q.put(2), q.put(3));
        EXPECT_EQ(q.size(), 2u);
    };
    weft::testing::run(main());
}

// QueuePutTests.test_cancelled_puts_not_being_held_in_self_putters, test_cancelled_put_silence_value_error_exception
TEST(queue_parity, a_cancelled_put_waits_no_longer) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q{1};
        q.try_put(1);
        const auto waits = weft::create_task(q.put(1));
        co_await weft::yield_now();
        waits.cancel();
        EXPECT_EQ(co_await ending(waits), "cancelled");
        const auto chosen = weft::create_task(q.put(1));
        co_await weft::yield_now();
        (void)q.try_get();
        chosen.cancel();
        EXPECT_EQ(co_await ending(chosen), "cancelled");
        EXPECT_TRUE(q.empty());
        q.try_put(2);
    };
    weft::testing::run(main());
}

}  // namespace
