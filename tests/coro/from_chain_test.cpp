// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Chains of delegation 100 000 deep, in constant stack; and a chain entered while it runs.

namespace {

using weft::generator;
using weft::generator_state;

constexpr int deep = 100'000;

struct counted_exit {
    int& count;
    ~counted_exit() { ++count; }
};

generator<int, std::optional<int>, int> chain(int depth, int& ended) {
    const counted_exit c(ended);
    if (depth > 0) {
        const int inner = co_yield weft::from(chain(depth - 1, ended));
        co_return inner + 1;
    }
    int last = 0;
    for (int i = 0; i < 3; ++i) {
        std::optional<int> sent;
        try {
            sent = co_yield last;
        } catch (const std::runtime_error&) {
            sent = -1;
        }
        last = sent.value_or(last + 1);
    }
    co_return last;
}

TEST(from_chain, of_100000_is_built_run_and_unwound_by_returns) {
    int ended = 0;
    auto g = chain(deep, ended);
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.send(10), 10);
    EXPECT_EQ(ended, 0);
    EXPECT_FALSE(g.next());
    EXPECT_EQ(g.result(), 11 + deep);
    EXPECT_EQ(ended, deep + 1);
}

TEST(from_chain, of_100000_is_raised_through) {
    int ended = 0;
    auto g = chain(deep, ended);
    g.next();
    EXPECT_EQ(g.raise(std::runtime_error("caught at the bottom")), -1);
    EXPECT_EQ(ended, 0);
    EXPECT_THROW(g.raise(42), int);
    EXPECT_EQ(ended, deep + 1);
    EXPECT_TRUE(g.done());
}

TEST(from_chain, of_100000_is_closed) {
    int ended = 0;
    auto g = chain(deep, ended);
    g.next();
    EXPECT_EQ(g.close(), std::nullopt);
    EXPECT_EQ(ended, deep + 1);
    EXPECT_TRUE(g.done());
}

TEST(from_chain, of_100000_is_destroyed) {
    int ended = 0;
    {
        auto g = chain(deep, ended);
        g.next();
    }
    EXPECT_EQ(ended, deep + 1);
}

TEST(from_chain, of_100000_shows_its_frames) {
    int ended = 0;
    auto g = chain(deep, ended);
    g.next();
    EXPECT_EQ(weft::frames(g).size(), deep + 1u);
}

TEST(from_chain, of_100000_fails_at_the_first_element) {
    struct failing {
        static generator<int> chain(int depth) {
            if (depth == 0) throw std::runtime_error("at the bottom");
            co_yield weft::from(chain(depth - 1));
        }
    };
    EXPECT_THROW(failing::chain(deep).next(), std::runtime_error);
}

TEST(from_chain, grown_from_the_outside_while_it_runs) {
    struct growing {
        static generator<int> wrap(generator<int> inner) { co_yield weft::from(std::move(inner)); }
        static generator<int> count() {
            for (int i = 0;; ++i) co_yield i;
        }
    };
    auto g = growing::count();
    for (int i = 0; i < deep; ++i) {
        ASSERT_EQ(g.next(), i);
        g = growing::wrap(std::move(g));
    }
    EXPECT_EQ(g.next(), deep);
    EXPECT_EQ(weft::frames(g).size(), deep + 1u);
    g.close();
}

TEST(from_chain, whose_every_generator_yields_before_and_after_its_inner_one) {
    struct tree {
        static generator<int> walk(int depth) {
            if (depth == 0) co_return;
            co_yield weft::from(walk(depth - 1));
            co_yield depth;
            co_yield weft::from(walk(depth - 1));
        }
    };
    std::vector<int> all;
    for (const int i : tree::walk(3)) all.push_back(i);
    EXPECT_EQ(all, (std::vector{1, 2, 1, 3, 1, 2, 1}));
    int count = 0;
    for ([[maybe_unused]] const int i : tree::walk(15)) ++count;
    EXPECT_EQ(count, (1 << 15) - 1);
}

TEST(from_chain, whose_last_act_is_to_delegate_again_and_again) {
    struct forever {
        static generator<int> step(int i, int end) {
            co_yield i;
            if (i + 1 < end) co_yield weft::from(step(i + 1, end));
        }
    };
    int expected = 0;
    for (const int i : forever::step(0, deep)) ASSERT_EQ(i, expected++);
    EXPECT_EQ(expected, deep);
}

// Re-entrancy

using talking = generator<int, int>;

/// Tries every way into the generator that delegates to the caller.
void expect_refused(talking& outer) {
    EXPECT_EQ(outer.state(), generator_state::running);
    EXPECT_THROW(outer.next(), weft::generator_already_running);
    EXPECT_THROW(outer.send(1), weft::generator_already_running);
    EXPECT_THROW(outer.raise(std::runtime_error("not to arrive")), weft::generator_already_running);
    EXPECT_THROW(outer.raise(weft::generator_exit()), weft::generator_already_running);
    EXPECT_THROW(outer.close(), weft::generator_already_running);
    EXPECT_THROW((void)outer.begin(), weft::generator_already_running);
    EXPECT_THROW((void)weft::from(std::move(outer)), weft::generator_already_running);
    EXPECT_EQ(outer.state(), generator_state::running);
}

talking innermost(talking*& outer, int& exits) {
    expect_refused(*outer);
    int last = 1;
    for (;;) {
        try {
            last = co_yield last;
        } catch (const std::runtime_error&) {
            last = -1;
        } catch (const weft::generator_exit&) {
            expect_refused(*outer);
            ++exits;
            throw;
        }
        expect_refused(*outer);
    }
}
talking middle(talking*& outer, int& exits) {
    try {
        co_yield weft::from(innermost(outer, exits));
    } catch (const weft::generator_exit&) {
        expect_refused(*outer);
        ++exits;
        throw;
    }
}
talking outermost(talking*& self, int& exits) {
    co_yield 0;
    co_yield weft::from(middle(self, exits));
}

TEST(from_reentrancy, is_refused_from_inside_the_innermost_generator) {
    talking* self = nullptr;
    int exits = 0;
    auto g = outermost(self, exits);
    self = &g;
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.send(5), 5);
    EXPECT_EQ(g.raise(std::runtime_error("from outside")), -1);
    EXPECT_EQ(g.send(6), 6) << "it is unharmed";
    g.close();
    EXPECT_EQ(exits, 2);
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(from_reentrancy, is_refused_during_the_raise_of_an_exit) {
    talking* self = nullptr;
    int exits = 0;
    auto g = outermost(self, exits);
    self = &g;
    g.next();
    g.next();
    EXPECT_THROW(g.raise(weft::generator_exit()), weft::generator_exit);
    EXPECT_EQ(exits, 2);
}

TEST(from_reentrancy, an_inner_generator_that_delegates_to_its_outer_one_is_refused) {
    struct loop {
        static generator<int> outer(generator<int>*& self) {
            co_yield 1;
            co_yield weft::from(inner(self));
            co_yield -1;
        }
        static generator<int> inner(generator<int>*& o) {
            co_yield 2;
            co_yield weft::from(std::move(*o));
            co_yield -2;
        }
    };
    generator<int>* self = nullptr;
    auto g = loop::outer(self);
    self = &g;
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.next(), 2);
    EXPECT_THROW(g.next(), weft::generator_already_running);
    EXPECT_EQ(g.state(), generator_state::closed) << "it was not moved, and the error passed through it";
}

}  // namespace
