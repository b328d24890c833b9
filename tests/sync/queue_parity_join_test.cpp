// SPDX-License-Identifier: Apache-2.0
// What CPython 3.13's test_queues.py asserts of every kind of queue: join, task_done and shutdown.
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/sync/lifo_queue.hpp>
#include <weft/sync/priority_queue.hpp>
#include <weft/sync/queue.hpp>

namespace {

/// What holds of each kind of queue.
template <class Queue>
class any_queue_parity : public testing::Test {};
using kinds_of_queue = testing::Types<weft::queue<int>, weft::lifo_queue<int>, weft::priority_queue<int>>;
TYPED_TEST_SUITE(any_queue_parity, kinds_of_queue);

// _QueueJoinTestMixin.test_task_done_underflow
TYPED_TEST(any_queue_parity, task_done_too_often_is_an_error) {
    TypeParam q;
    EXPECT_THROW(q.task_done(), weft::invalid_state_error);
}

// _QueueJoinTestMixin.test_task_done
TYPED_TEST(any_queue_parity, join_waits_until_the_work_on_every_item_is_done) {
    const auto main = []() -> weft::task<> {
        TypeParam q;
        for (int i = 0; i < 100; ++i) q.try_put(i);
        int sum = 0;
        bool running = true;
        const auto worker = [](TypeParam& from, int& to, const bool& goes_on) -> weft::task<> {
            while (goes_on) {
                to += co_await from.get();
                from.task_done();
            }
        };
        const auto a = weft::create_task(worker(q, sum, running)), b = weft::create_task(worker(q, sum, running));
        co_await q.join();
        EXPECT_EQ(sum, 4950);
        running = false;
        q.try_put(0);
        q.try_put(0);
        co_await weft::gather(a, b);
    };
    weft::testing::run(main());
}

// _QueueJoinTestMixin.test_join_empty_queue
TYPED_TEST(any_queue_parity, nobody_waits_to_join_an_empty_one) {
    const auto main = []() -> weft::task<> {
        TypeParam q;
        co_await q.join();
        co_await q.join();
    };
    weft::testing::run(main());
}

template <class Queue>
weft::task<> nothing_can_be_put_or_got(Queue& q) {
    EXPECT_THROW(co_await q.put(1), weft::queue_shut_down);
    EXPECT_THROW(q.try_put(1), weft::queue_shut_down);
    EXPECT_THROW(co_await q.get(), weft::queue_shut_down);
    EXPECT_THROW(q.try_get(), weft::queue_shut_down);
}

// _QueueShutdownTestMixin.test_shutdown_empty
TYPED_TEST(any_queue_parity, an_empty_one_that_is_shut_down_lets_those_go_who_wait) {
    const auto main = []() -> weft::task<> {
        TypeParam q;
        const auto get = weft::create_task(q.get());
        co_await weft::yield_now();
        q.shutdown();
        EXPECT_EQ(q.size(), 0u);
        co_await q.join();
        co_await weft::yield_now();
        EXPECT_TRUE(get.done());
        EXPECT_EQ(co_await ending(get), "queue is shut down");
        co_await nothing_can_be_put_or_got(q);
    };
    weft::testing::run(main());
}

// _QueueShutdownTestMixin.test_shutdown_nonempty
TYPED_TEST(any_queue_parity, what_is_in_one_that_is_shut_down_can_be_got) {
    const auto main = []() -> weft::task<> {
        TypeParam q{1};
        q.try_put(7);
        const auto join = weft::create_task(q.join());
        const auto put = weft::create_task(q.put(8));
        co_await weft::yield_now();
        EXPECT_FALSE(put.done());
        q.shutdown(false);
        EXPECT_EQ(q.size(), 1u);
        co_await weft::yield_now();
        EXPECT_TRUE(put.done());
        EXPECT_EQ(co_await ending(put), "queue is shut down");
        EXPECT_EQ(co_await q.get(), 7);
        co_await weft::yield_now();
        EXPECT_FALSE(join.done());
        co_await nothing_can_be_put_or_got(q);
        q.task_done();
        co_await weft::yield_now();
        EXPECT_TRUE(join.done());
        EXPECT_THROW(q.task_done(), weft::invalid_state_error);
    };
    weft::testing::run(main());
}

// _QueueShutdownTestMixin.test_shutdown_immediate
TYPED_TEST(any_queue_parity, shut_down_at_once_it_has_nothing_left_to_get_or_to_do) {
    const auto main = []() -> weft::task<> {
        TypeParam q;
        q.try_put(7);
        const auto join = weft::create_task(q.join());
        q.shutdown(true);
        EXPECT_EQ(q.size(), 0u);
        co_await weft::yield_now();
        EXPECT_TRUE(join.done());
        co_await nothing_can_be_put_or_got(q);
        EXPECT_THROW(q.task_done(), weft::invalid_state_error);
    };
    weft::testing::run(main());
}

// _QueueShutdownTestMixin.test_shutdown_immediate_with_unfinished
TYPED_TEST(any_queue_parity, shut_down_at_once_the_work_on_what_was_got_is_still_to_be_done) {
    const auto main = []() -> weft::task<> {
        TypeParam q;
        q.try_put(7);
        q.try_put(7);
        const auto join = weft::create_task(q.join());
        EXPECT_EQ(co_await q.get(), 7);
        q.shutdown(true);
        EXPECT_EQ(q.size(), 0u);
        co_await weft::yield_now();
        EXPECT_FALSE(join.done());
        co_await nothing_can_be_put_or_got(q);
        q.task_done();
        EXPECT_THROW(q.task_done(), weft::invalid_state_error);
        co_await weft::yield_now();
        EXPECT_TRUE(join.done());
    };
    weft::testing::run(main());
}

}  // namespace
