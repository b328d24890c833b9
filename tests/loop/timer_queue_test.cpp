// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/timer_queue.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace {

constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();

struct timer : weft::timer_node {
    timer(std::vector<int>& l, int n) : timer_node(fire), log(l), name(n) {}
    static void fire(timer_node& t) {
        auto& self = static_cast<timer&>(t);
        EXPECT_FALSE(self.is_pending());
        self.log.push_back(self.name);
    }
    std::vector<int>& log;
    int name;
};

TEST(timer_queue, fires_in_the_order_of_deadlines) {
    std::vector<int> log;
    weft::timer_queue queue(1000);
    timer a(log, 1), b(log, 2), c(log, 3);
    queue.add(a, 3'000'000'000);
    queue.add(b, 2'000);
    queue.add(c, 2'000'000);
    EXPECT_EQ(queue.next_deadline(), 2'000);
    queue.advance(1'999);
    EXPECT_TRUE(log.empty());
    queue.advance(2'000);
    EXPECT_EQ(log, (std::vector{2}));
    EXPECT_EQ(queue.next_deadline(), 2'000'000);
    queue.advance(latest);
    EXPECT_EQ(log, (std::vector{2, 3, 1}));
    EXPECT_EQ(queue.next_deadline(), latest);
}

TEST(timer_queue, fires_equal_deadlines_in_the_order_of_adding) {
    std::vector<int> log;
    weft::timer_queue queue(0);
    std::vector<std::unique_ptr<timer>> timers;
    for (int i = 0; i < 100; ++i) {
        timers.push_back(std::make_unique<timer>(log, i));
        queue.add(*timers.back(), 7'000'000'123);
        queue.advance(std::int64_t{i} * 70'000'000);  // the later ones enter on lower levels
    }
    queue.advance(7'000'000'123);
    EXPECT_EQ(log.size(), 100u);
    EXPECT_TRUE(std::is_sorted(log.begin(), log.end()));
}

TEST(timer_queue, a_deadline_in_the_past_is_due) {
    std::vector<int> log;
    weft::timer_queue queue(1'000'000'000);
    timer a(log, 1), b(log, 2), c(log, 3);
    queue.add(a, 5);
    queue.add(b, -7);
    queue.add(c, 0);
    EXPECT_EQ(queue.next_deadline(), -7);
    queue.advance(1'000'000'000);
    EXPECT_EQ(log, (std::vector{2, 3, 1}));
}

TEST(timer_queue, the_latest_deadline_never_comes) {
    std::vector<int> log;
    weft::timer_queue queue(0);
    timer a(log, 1);
    queue.add(a, latest);
    EXPECT_EQ(queue.next_deadline(), latest);
    queue.advance(latest - 1);
    EXPECT_TRUE(a.is_pending());
    queue.advance(latest);
    EXPECT_EQ(log, (std::vector{1}));
}

TEST(timer_queue, adding_again_moves_the_timer) {
    std::vector<int> log;
    weft::timer_queue queue(0);
    timer a(log, 1);
    queue.add(a, 1'000'000);
    queue.add(a, 5'000'000);
    EXPECT_EQ(a.deadline(), 5'000'000);
    queue.advance(4'000'000);
    EXPECT_TRUE(log.empty());
    queue.advance(5'000'000);
    EXPECT_EQ(log, (std::vector{1}));
}

TEST(timer_queue, a_cancelled_or_destroyed_timer_never_fires) {
    std::vector<int> log;
    weft::timer_queue queue(0);
    timer a(log, 1), c(log, 3);
    queue.add(a, 1'000'000);
    {
        timer b(log, 2);
        queue.add(b, 1'000'000);
        queue.add(c, 1'000'000);
    }
    weft::timer_queue::cancel(a);
    weft::timer_queue::cancel(a);
    EXPECT_FALSE(a.is_pending());
    queue.advance(latest);
    EXPECT_EQ(log, (std::vector{3}));
}

TEST(timer_queue, a_timer_may_cancel_and_add_others_while_it_fires) {
    struct busy : weft::timer_node {
        busy(weft::timer_queue& q, timer& c, timer& n) : timer_node(fire), queue(q), cancelled(c), added(n) {}
        static void fire(timer_node& t) {
            auto& self = static_cast<busy&>(t);
            self.cancelled.unlink();
            self.queue.add(self.added, 10);  // long due: fires in the same advance
        }
        weft::timer_queue& queue;
        timer &cancelled, &added;
    };
    std::vector<int> log;
    weft::timer_queue queue(0);
    timer cancelled(log, 1), added(log, 2), later(log, 3);
    busy b(queue, cancelled, added);
    queue.add(b, 1'000'000);
    queue.add(cancelled, 1'000'000);
    queue.add(later, 1'000'001);
    queue.advance(2'000'000);
    EXPECT_EQ(log, (std::vector{2, 3}));
}

TEST(timer_queue, a_timer_that_adds_itself_again_for_later_fires_once_per_deadline) {
    struct periodic : weft::timer_node {
        explicit periodic(weft::timer_queue& q) : timer_node(fire), queue(q) {}
        static void fire(timer_node& t) {
            auto& self = static_cast<periodic&>(t);
            ++self.count;
            self.queue.add(self, self.deadline() + 1'000'000);
        }
        weft::timer_queue& queue;
        int count = 0;
    };
    weft::timer_queue queue(0);
    periodic p(queue);
    queue.add(p, 1'000'000);
    queue.advance(10'500'000);
    EXPECT_EQ(p.count, 10);
    EXPECT_EQ(queue.next_deadline(), 11'000'000);
}

// Against a model: a plain list, searched.

struct model_entry {
    std::int64_t deadline;
    int name;
};

class comparison {
public:
    explicit comparison(std::uint64_t seed, std::int64_t start) : random_(seed), now_(start), queue_(start) {}

    void run(int operations) {
        for (int i = 0; i < operations && !testing::Test::HasFailure(); ++i) {
            const auto choice = random_() % 100;
            if (choice < 55) {
                add();
            } else if (choice < 75) {
                cancel();
            } else {
                advance();
            }
            check_next_deadline();
        }
    }

private:
    /// 0 … 2^56 ns (years), every magnitude as likely.
    std::int64_t some_distance() { return static_cast<std::int64_t>(random_() >> (8 + random_() % 56)); }

    void add() {
        std::int64_t deadline = now_ + some_distance();
        if (!model_.empty() && random_() % 4 == 0) deadline = model_[random_() % model_.size()].deadline;
        if (random_() % 50 == 0) deadline = now_ - some_distance();
        const int name = static_cast<int>(timers_.size());
        timers_.push_back(std::make_unique<timer>(fired_, name));
        queue_.add(*timers_.back(), deadline);
        model_.push_back({deadline, name});
    }
    void cancel() {
        if (model_.empty()) return;
        const auto victim = static_cast<std::ptrdiff_t>(random_() % model_.size());
        timers_[static_cast<std::size_t>(model_[static_cast<std::size_t>(victim)].name)]->unlink();
        model_.erase(model_.begin() + victim);
    }
    void advance() {
        now_ += some_distance();
        if (!model_.empty() && random_() % 3 == 0) now_ = std::max(now_, model_[random_() % model_.size()].deadline);
        if (now_ > latest / 2) now_ = latest / 2;
        std::sort(model_.begin(), model_.end(), [](const auto& a, const auto& b) {
            return std::pair(a.deadline, a.name) < std::pair(b.deadline, b.name);  // names count the additions
        });
        std::vector<int> expected;
        const auto first_later =
            std::find_if(model_.begin(), model_.end(), [&](const auto& e) { return e.deadline > now_; });
        for (auto e = model_.begin(); e != first_later; ++e) expected.push_back(e->name);
        model_.erase(model_.begin(), first_later);
        fired_.clear();
        queue_.advance(now_);
        ASSERT_EQ(fired_, expected) << "at " << now_;
    }
    void check_next_deadline() {
        std::int64_t first = latest;
        for (const model_entry& e : model_) first = std::min(first, e.deadline);
        ASSERT_LE(queue_.next_deadline(), first);
    }

    std::mt19937_64 random_;
    std::int64_t now_;
    std::vector<int> fired_;
    std::vector<std::unique_ptr<timer>> timers_;
    std::vector<model_entry> model_;
    weft::timer_queue queue_;
};

TEST(timer_queue, does_as_a_naive_model_does) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        comparison(seed, seed % 2 ? 0 : static_cast<std::int64_t>(seed) * 12'345'678'901'234).run(3000);
        ASSERT_FALSE(HasFailure());
    }
}

TEST(timer_queue, next_deadline_is_exact_while_nothing_is_cancelled) {
    std::mt19937_64 random(5);
    std::vector<int> log;
    std::vector<std::unique_ptr<timer>> timers;
    weft::timer_queue queue(0);
    std::vector<std::int64_t> deadlines;
    for (int i = 0; i < 2000; ++i) {
        deadlines.push_back(static_cast<std::int64_t>(random() >> (2 + random() % 50)));
        timers.push_back(std::make_unique<timer>(log, i));
        queue.add(*timers.back(), deadlines.back());
        ASSERT_EQ(queue.next_deadline(), *std::min_element(deadlines.begin(), deadlines.end()));
    }
    int turns = 0;
    for (; log.size() < timers.size(); ++turns) queue.advance(queue.next_deadline());
    EXPECT_LE(turns, 2000);  // each turn fires at least one
}

TEST(timer_queue, counts_its_timers_wherever_they_are) {
    std::vector<int> log;
    weft::timer_queue queue(0);
    EXPECT_EQ(queue.size(), 0u);
    timer due(log, 1), soon(log, 2), late(log, 3), never(log, 4);
    queue.add(due, 0);
    queue.add(soon, 1'000'000);
    queue.add(late, 3'600'000'000'000);
    queue.add(never, latest);
    EXPECT_EQ(queue.size(), 4u);
    EXPECT_EQ(queue.next_deadline(), 0);  // puts in order what is due
    EXPECT_EQ(queue.size(), 4u);
    weft::timer_queue::cancel(late);
    EXPECT_EQ(queue.size(), 3u);
    queue.advance(1'000'000);
    EXPECT_EQ(queue.size(), 1u);
}

}  // namespace
