// SPDX-License-Identifier: Apache-2.0
#include "sync/tasks.hpp"

#include <weft/sync/priority_queue.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

struct job {
    int rank;
    int name;
};
struct by_rank {
    bool operator()(const job& a, const job& b) const {
        if (comparisons_until_failure-- == 0) throw std::runtime_error("the comparison failed");
        return a.rank < b.rank;
    }
    static inline int comparisons_until_failure = -1;
};

TEST(priority_queue, gives_the_least_first_and_equals_in_their_order) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        dice d(seed);
        weft::priority_queue<job, by_rank> q;
        std::vector<job> all;
        for (int i = 0; i < 100; ++i) {
            all.push_back({d.roll(10), i});
            q.try_put(all.back());
            if (d.roll(3) == 0) {
                const auto least = std::min_element(all.begin(), all.end(), by_rank());
                ASSERT_EQ(q.try_get().name, least->name);
                all.erase(least);
            }
        }
        std::sort(all.begin(), all.end(),
                  [](const job& a, const job& b) { return std::pair(a.rank, a.name) < std::pair(b.rank, b.name); });
        for (const job& j : all) ASSERT_EQ(q.try_get().name, j.name);
        EXPECT_TRUE(q.empty());
    }
}

TEST(priority_queue, compares_as_it_is_told_to) {
    weft::priority_queue<int, std::greater<>> greatest_first;
    for (const int i : {1, 3, 2}) greatest_first.try_put(i);
    EXPECT_EQ(greatest_first.try_get(), 3);
    weft::priority_queue<std::string, std::function<bool(const std::string&, const std::string&)>> shortest_first(
        0, [](const auto& a, const auto& b) { return a.size() < b.size(); });
    shortest_first.try_put("long");
    shortest_first.try_put("s");
    EXPECT_EQ(shortest_first.try_get(), "s");
}

TEST(priority_queue, takes_what_can_only_be_moved_and_waits_as_a_queue_does) {
    const auto main = []() -> weft::task<> {
        const auto by_value = [](const auto& a, const auto& b) { return *a < *b; };
        weft::priority_queue<std::unique_ptr<int>, decltype(by_value)> q{1};
        auto getter = weft::create_task(q.get());
        co_await settle();
        co_await q.put(std::make_unique<int>(1));
        const auto putter = weft::create_task(q.put(std::make_unique<int>(0)));
        const auto first = co_await std::move(getter);
        EXPECT_EQ(*first, 1);
        const auto second = co_await q.get();
        EXPECT_EQ(*second, 0);
        co_await putter;
    };
    weft::testing::run(main());
}

TEST(priority_queue, the_item_of_a_getter_that_is_cancelled_is_got_in_its_order) {
    const auto main = []() -> weft::task<> {
        weft::priority_queue<int> q;
        const auto getter = weft::create_task(q.get());
        co_await settle();
        q.try_put(2);
        q.try_put(1);
        getter.cancel();
        EXPECT_EQ(co_await ending(getter), "cancelled");
        EXPECT_EQ(q.try_get(), 1);
        EXPECT_EQ(q.try_get(), 2);
    };
    weft::testing::run(main());
}

TEST(priority_queue, a_comparison_that_fails_changes_nothing) {
    weft::priority_queue<job, by_rank> q;
    for (int i = 0; i < 8; ++i) q.try_put(job{8 - i, i});
    for (int failure = 0; failure < 2; ++failure) {
        by_rank::comparisons_until_failure = failure;
        EXPECT_THROW(q.try_put(job{0, 9}), std::runtime_error);
        by_rank::comparisons_until_failure = failure;
        EXPECT_THROW((void)q.try_get(), std::runtime_error);
    }
    by_rank::comparisons_until_failure = -1;
    EXPECT_EQ(q.size(), 8u);
    for (int i = 0; i < 8; ++i) EXPECT_EQ(q.try_get().name, 7 - i);
}

}  // namespace
