// SPDX-License-Identifier: Apache-2.0
#include "sync/tasks.hpp"

#include <weft/sync/lifo_queue.hpp>

#include <memory>
#include <utility>

namespace {

TEST(lifo_queue, gives_what_was_put_last) {
    const auto main = []() -> weft::task<> {
        weft::lifo_queue<std::unique_ptr<int>> q{3};
        for (int i = 0; i < 3; ++i) co_await q.put(std::make_unique<int>(i));
        EXPECT_THROW(q.try_put(nullptr), weft::queue_full);
        for (int i = 2; i >= 0; --i) EXPECT_EQ(*co_await q.get(), i);
        EXPECT_THROW(q.try_get(), weft::queue_empty);
    };
    weft::testing::run(main());
}

TEST(lifo_queue, cancelled_while_waiting_and_after_it_was_promised_something) {
    const auto main = []() -> weft::task<> {
        weft::lifo_queue<int> q;
        const auto a = weft::create_task(q.get()), b = weft::create_task(q.get()), c = weft::create_task(q.get());
        co_await settle();
        a.cancel();
        q.try_put(1);
        b.cancel();
        EXPECT_EQ(co_await ending(a), "cancelled");
        EXPECT_EQ(co_await ending(b), "cancelled");
        EXPECT_EQ(co_await c, 1);
    };
    weft::testing::run(main());
}

}  // namespace
