// SPDX-License-Identifier: Apache-2.0
#include "counted_allocations.hpp"
#include "live_object.hpp"

#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// What a generator holds goes exactly once, and what memory it takes.

namespace {

using weft::generator;

generator<live_object> objects(int n) {
    for (int i = 0; i < n; ++i) co_yield live_object(i);
}
generator<live_object> copies(const live_object& object, int n) {
    for (int i = 0; i < n; ++i) co_yield object;
}
generator<live_object> delegated(int depth, int n) {
    if (depth == 0) {
        co_yield weft::from(objects(n));
    } else {
        co_yield weft::from(delegated(depth - 1, n));
    }
}
generator<live_object> of_range(std::vector<live_object> all) { co_yield weft::from(std::move(all)); }
generator<live_object> of_lvalue_range(const std::vector<live_object>& all) { co_yield weft::from(all); }

class generator_lifetime : public ::testing::Test {
protected:
    generator_lifetime() { live_object::reset(); }
    ~generator_lifetime() override { EXPECT_EQ(live_object::count, 0) << "something was leaked or went twice"; }
};

TEST_F(generator_lifetime, an_element_that_was_taken_goes_with_who_took_it) {
    const auto taken = [] {
        auto g = objects(2);
        auto first = g.next();
        EXPECT_EQ(live_object::count, 3) << "the taken one, and what was left: in the generator and in its co_yield";
        EXPECT_EQ(g.next()->value, 1);
        return first;
    }();
    EXPECT_EQ(live_object::count, 1);
    EXPECT_EQ(taken->value, 0);
}

TEST_F(generator_lifetime, an_element_that_nobody_took_goes_when_the_body_goes_on) {
    auto g = objects(3);
    auto i = g.begin();
    EXPECT_EQ(live_object::count, 2) << "the temporary that was yielded, and the generator's";
    ++i;
    EXPECT_EQ(live_object::count, 2);
    ++i;
    ++i;
    EXPECT_EQ(live_object::count, 0);
}

TEST_F(generator_lifetime, an_lvalue_is_copied_and_an_rvalue_moved) {
    const live_object object(1);
    for (const live_object& o : copies(object, 3)) EXPECT_EQ(o.value, 1);
    EXPECT_EQ(live_object::copies, 3);
    for (const live_object& o : objects(3)) EXPECT_LT(o.value, 3);
    EXPECT_EQ(live_object::copies, 3);
}

TEST_F(generator_lifetime, abandoned_half_way_everything_goes) {
    for (int steps = 0; steps < 5; ++steps) {
        auto plain = objects(3);
        auto inner = delegated(3, 3);
        std::vector<live_object> all;
        all.reserve(3);
        for (int i = 0; i < 3; ++i) all.emplace_back(i);
        auto lvalue = of_lvalue_range(all);
        for (int i = 0; i < steps; ++i) {
            (void)plain.next();
            (void)inner.next();
            (void)lvalue.next();
        }
        auto owned = of_range(std::move(all));
        for (int i = 0; i < steps; ++i) (void)owned.next();
    }
}

TEST_F(generator_lifetime, closed_or_raised_into_half_way_everything_goes) {
    for (int steps = 0; steps < 5; ++steps) {
        for (const bool close : {true, false}) {
            std::vector<live_object> all;
            for (int i = 0; i < 3; ++i) all.emplace_back(i);
            generator<live_object> each[] = {objects(3), delegated(3, 3), of_range(std::move(all))};
            for (auto& g : each) {
                for (int i = 0; i < steps; ++i) (void)g.next();
                if (close) {
                    g.close();
                } else {
                    EXPECT_THROW(g.raise(std::runtime_error("enough")), std::runtime_error);
                }
                EXPECT_FALSE(g.next());
            }
        }
    }
}

TEST_F(generator_lifetime, the_elements_of_an_owned_range_are_moved_and_those_of_another_copied) {
    std::vector<live_object> all;
    all.reserve(3);
    for (int i = 0; i < 3; ++i) all.emplace_back(i);
    for (const live_object& o : of_lvalue_range(all)) EXPECT_GE(o.value, 0);
    EXPECT_EQ(live_object::copies, 3);
    EXPECT_EQ(all[2].value, 2);
    int sum = 0;
    for (const live_object& o : of_range(std::move(all))) sum += o.value;
    EXPECT_EQ(sum, 3);
    EXPECT_EQ(live_object::copies, 3);
}

TEST_F(generator_lifetime, an_exception_at_any_element_leaks_nothing) {
    const auto body = [](int fail_at) -> generator<live_object> {
        const live_object local(100);
        for (int i = 0; i < 4; ++i) {
            if (i == fail_at) throw std::runtime_error("here");
            co_yield live_object(i);
        }
    };
    const auto outer = [&](int fail_at) -> generator<live_object> {
        const live_object local(200);
        co_yield weft::from(body(fail_at));
    };
    for (int fail_at = 0; fail_at < 4; ++fail_at) {
        auto g = outer(fail_at);
        for (int i = 0; i < fail_at; ++i) EXPECT_EQ(g.next()->value, i);
        EXPECT_THROW(g.next(), std::runtime_error);
    }
}

TEST_F(generator_lifetime, a_copy_or_move_that_throws_at_any_time_leaks_nothing) {
    for (int at = 0; at < 12; ++at) {
        std::vector<live_object> all;
        all.reserve(2);
        for (int i = 0; i < 2; ++i) all.emplace_back(i);
        auto copied = of_lvalue_range(all);
        auto moved = delegated(1, 2);
        live_object::copies_until_failure = live_object::moves_until_failure = at;
        for (auto* g : {&copied, &moved}) {
            for (int i = 0; i < 3; ++i) {
                try {
                    (void)g->next();
                } catch (const std::runtime_error&) {
                    EXPECT_TRUE(g->done() || g->state() == weft::generator_state::suspended);
                }
            }
        }
        live_object::copies_until_failure = live_object::moves_until_failure = -1;
    }
}

TEST_F(generator_lifetime, what_it_returned_goes_with_it_or_with_who_took_it) {
    const auto body = []() -> generator<int, void, live_object> {
        co_yield 1;
        co_return live_object(5);
    };
    const auto outer = [&]() -> generator<int, void, live_object> { co_return co_yield weft::from(body()); };
    {
        auto looked_at = outer();
        while (looked_at.next()) {
        }
        EXPECT_EQ(looked_at.result().value, 5);
        EXPECT_EQ(live_object::count, 1);
    }
    auto taken = outer();
    while (taken.next()) {
    }
    const live_object result = std::move(taken).result();
    EXPECT_EQ(result.value, 5);
    EXPECT_EQ(live_object::copies, 0);
}

TEST_F(generator_lifetime, a_value_that_was_sent_goes_once) {
    const auto inner = []() -> generator<int, std::optional<live_object>> {
        int last = 0;
        for (int i = 0; i < 3; ++i) {
            const auto got = co_yield last;
            last = got ? got->value : -1;
        }
        co_yield last;
    };
    const auto outer = [&]() -> generator<int, std::optional<live_object>> { co_yield weft::from(inner()); };
    auto g = outer();
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.send(live_object(4)), 4);
    EXPECT_EQ(g.next(), -1);
    EXPECT_EQ(live_object::count, 0);
    EXPECT_EQ(g.send(live_object(6)), 6);
}

// Memory

/// @return how often f() allocated from malloc, when the recycler has nothing that fits
template <class F>
std::size_t allocations_of(F f) {
    f();  // a thread's first frame opens its recycler
    const std::size_t before = allocations.load();
    f();
    return allocations.load() - before;
}

/// A local of this size makes a frame that comes from malloc each time; volatile, or it would be optimised away.
struct large {
    volatile char bytes[2000] = {};
};
generator<int> large_frame() {
    const large l;
    co_yield l.bytes[0];
    co_yield l.bytes[1];
}
generator<int> large_delegator() {
    const large l;
    co_yield l.bytes[0];
    co_yield weft::from(large_frame());
}
generator<int> large_iterating(const std::vector<int>& range) {
    const large l;
    co_yield l.bytes[0];
    co_yield weft::from(range);
}
[[gnu::noinline]] std::size_t size_of(generator<int> g) {
    std::size_t n = 0;
    while (g.next()) ++n;
    return n;
}

TEST(generator_memory, is_one_block_whatever_it_does) {
    EXPECT_EQ(allocations_of([] { EXPECT_EQ(size_of(large_frame()), 2u); }), 1u);
    EXPECT_LE(allocations_of([] {
                  auto g = large_frame();
                  g.next();
                  auto other = std::move(g);
                  other.next();
              }),
              1u)
        << "none where the optimiser sees the whole life of it and puts it on the stack";
}

TEST(generator_memory, delegating_takes_no_more_than_the_two_generators) {
    EXPECT_EQ(allocations_of([] { EXPECT_EQ(size_of(large_delegator()), 3u); }), 2u);
}

TEST(generator_memory, iterating_over_a_range_takes_none) {
    const std::vector<int> range(1000);
    EXPECT_EQ(allocations_of([&] { EXPECT_EQ(size_of(large_iterating(range)), 1001u); }), 1u);
}

}  // namespace
