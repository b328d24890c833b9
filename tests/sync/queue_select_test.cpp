// SPDX-License-Identifier: Apache-2.0
// Queues, locks, semaphores and events in select: no item and no permit is lost.
#include "sync/tasks.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/select.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/lock.hpp>
#include <weft/sync/queue.hpp>
#include <weft/sync/semaphore.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

namespace {

static_assert(weft::selectable<decltype(std::declval<weft::lock&>().acquire())> &&
              weft::selectable<decltype(std::declval<weft::semaphore&>().acquire())> &&
              weft::selectable<decltype(std::declval<weft::event&>().wait())> &&
              weft::selectable<decltype(std::declval<weft::queue<int>&>().get())> &&
              weft::selectable<decltype(std::declval<weft::queue<int>&>().put(1))> &&
              weft::selectable<decltype(std::declval<weft::queue<int>&>().join())>);

TEST(queue_select, the_winner_has_its_thing_and_the_losers_have_none) {
    const auto main = []() -> weft::task<> {
        weft::queue<std::unique_ptr<int>> q;
        weft::lock l;
        weft::semaphore s(0);
        weft::event e;
        auto held = co_await l.acquire();
        {
            q.try_put(std::make_unique<int>(1));
            auto got = co_await weft::select(e.wait(), l.acquire(), q.get(), s.acquire());
            EXPECT_EQ(**std::get_if<2>(&got), 1);
        }
        held.release();
        {
            auto got = co_await weft::select(q.get(), l.acquire(), s.acquire());
            EXPECT_EQ(got.index(), 1u);
            EXPECT_TRUE(l.locked());
        }
        EXPECT_FALSE(l.locked());
        s.release();
        {
            auto got = co_await weft::select(q.get(), s.acquire(), l.acquire());
            EXPECT_EQ(got.index(), 1u);
            EXPECT_EQ(s.value(), 0);
            EXPECT_FALSE(l.locked());
        }
        EXPECT_EQ(s.value(), 1);
    };
    weft::testing::run(main());
}

TEST(queue_select, what_comes_for_several_branches_at_once_is_had_once_and_the_rest_goes_to_others) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> p, q;
        weft::lock l;
        weft::semaphore s(0);
        auto held = co_await l.acquire();
        const auto chooser = weft::create_task(
            [](weft::queue<int>& a, weft::queue<int>& b, weft::lock& k, weft::semaphore& r) -> weft::task<std::size_t> {
                auto got = co_await weft::select(a.get(), b.get(), k.acquire(), r.acquire());
                co_return got.index();
            }(p, q, l, s));
        const auto other = weft::create_task(q.get());
        co_await settle();
        held.release();
        p.try_put(1);
        q.try_put(2);
        s.release();
        EXPECT_EQ(co_await chooser, 2u) << "what came first";
        EXPECT_EQ(co_await other, 2);
        EXPECT_EQ(p.try_get(), 1);
        EXPECT_TRUE(l.try_acquire());
        EXPECT_TRUE(s.try_acquire());
    };
    weft::testing::run(main());
}

TEST(queue_select, cancelled_when_a_branch_had_won_everything_goes_back) {
    const auto main = []() -> weft::task<> {
        weft::queue<int> q, full{1};
        full.try_put(1);
        const auto chooser = weft::create_task([](weft::queue<int>& a, weft::queue<int>& b) -> weft::task<> {
            (void)co_await weft::select(a.get(), b.put(2));
        }(q, full));
        co_await settle();
        q.try_put(1);
        EXPECT_EQ(full.try_get(), 1);
        chooser.cancel();
        EXPECT_EQ(co_await ending(chooser), "cancelled");
        EXPECT_EQ(q.try_get(), 1);
        EXPECT_TRUE(full.empty());
        full.try_put(3);
    };
    weft::testing::run(main());
}

TEST(queue_select, destroyed_while_waiting) {
    weft::queue<int> q;
    weft::lock l;
    destroy_while_waiting([&]() -> weft::task<> {
        weft::semaphore s(0);
        (void)co_await weft::select(q.get(), s.acquire(), weft::sleep(1h));
    });
    q.try_put(1);
    EXPECT_EQ(q.try_get(), 1);
}

TEST(queue_select, a_branch_whose_object_is_destroyed_or_of_another_loop_is_an_error) {
    const auto main = []() -> weft::task<> {
        auto q = std::make_unique<weft::queue<int>>();
        weft::queue<int> other;
        const auto chooser = weft::create_task([](weft::queue<int>& a, weft::queue<int>& b) -> weft::task<> {
            (void)co_await weft::select(b.get(), a.get());
        }(*q, other));
        co_await settle();
        q.reset();
        EXPECT_EQ(co_await ending(chooser), "queue get: it was destroyed while a task waited for it");
        other.try_put(1);
        EXPECT_EQ(other.try_get(), 1);
    };
    weft::testing::run(main());
}

TEST(queue_select, items_permits_and_locks_are_kept_whoever_is_cancelled_and_in_whatever_order) {
    for_many_seeds([](std::uint64_t seed) -> weft::task<> {
        dice d(seed);
        weft::queue<int> q;
        weft::semaphore s(2);
        weft::lock l;
        std::vector<int> got;
        int put = 0;
        const auto chooser = [](weft::queue<int>& a, weft::semaphore& b, weft::lock& c, std::vector<int>& to,
                                int order) -> weft::task<> {
            if (order == 0) {
                auto v = co_await weft::select(a.get(), b.acquire(), c.acquire());
                if (v.index() == 0) to.push_back(std::get<0>(v));
                co_await weft::yield_now();
            } else {
                auto v = co_await weft::select(c.acquire(), a.get(), b.acquire());
                if (v.index() == 1) to.push_back(std::get<1>(v));
                co_await weft::yield_now();
            }
        };
        std::vector<weft::task_handle<>> all;
        for (int i = 0; i < 20; ++i) {
            all.push_back(weft::create_task(chooser(q, s, l, got, d.roll(2))));
            if (d.roll(3) == 0) q.try_put(put++);
            for (int k = d.roll(3); k > 0; --k) co_await weft::yield_now();
            if (d.roll(3) == 0) all[static_cast<std::size_t>(d.roll(i + 1))].cancel();
        }
        for (const auto& h : all) (void)co_await ending(h);
        while (!q.empty()) got.push_back(q.try_get());
        std::sort(got.begin(), got.end());
        for (int i = 0; i < put; ++i) EXPECT_EQ(got.at(static_cast<std::size_t>(i)), i);
        EXPECT_EQ(got.size(), static_cast<std::size_t>(put));
        EXPECT_EQ(s.value(), 2);
        EXPECT_FALSE(s.locked());
        EXPECT_FALSE(l.locked());
        EXPECT_TRUE(l.try_acquire());
    });
}

}  // namespace
