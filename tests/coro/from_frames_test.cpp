// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/generator.hpp>
#include <weft/coro/traceback.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <source_location>
#include <vector>

// What a chain of delegation shows of itself.

namespace {

using weft::generator;
using weft::generator_state;

constexpr std::uint32_t first_line = std::source_location::current().line() + 1;
generator<int> shown_innermost() {
    co_yield 1;  // first_line + 1
}
generator<int> shown_middle() {
    co_yield weft::from(shown_innermost());  // first_line + 4
}
generator<int> shown() {
    co_yield weft::from(shown_middle());  // first_line + 7
    co_yield 2;  // first_line + 8
}

TEST(from, delegating_where_and_frames_show_the_chain) {
    auto g = shown();
    EXPECT_FALSE(g.delegating());
    g.next();
    EXPECT_TRUE(g.delegating());
    EXPECT_EQ(g.state(), generator_state::suspended);
    EXPECT_EQ(g.where().line(), first_line + 7);
    const auto chain = weft::frames(g);
    ASSERT_EQ(chain.size(), 3u);
    EXPECT_EQ(chain[0].function, "shown");
    EXPECT_EQ(chain[0].line, first_line + 7);
    EXPECT_EQ(chain[1].function, "shown_middle");
    EXPECT_EQ(chain[1].line, first_line + 4);
    EXPECT_EQ(chain[2].function, "shown_innermost");
    EXPECT_EQ(chain[2].line, first_line + 1);
    g.next();
    EXPECT_FALSE(g.delegating());
    EXPECT_EQ(g.frames().size(), 1u);
    g.next();
    EXPECT_FALSE(g.delegating());
}

TEST(from, frames_inside_the_innermost_show_the_caller_and_those_that_delegate) {
    using list = std::vector<weft::stack_frame>;
    const generator<list>* self = nullptr;
    const auto inner = [](const generator<list>*& o) -> generator<list> {
        co_yield o->frames();
        co_yield o->frames();
    };
    const auto outer = [&](const generator<list>*& o) -> generator<list> { co_yield weft::from(inner(o)); };
    auto g = outer(self);
    self = &g;
    for (int i = 0; i < 2; ++i) {
        const std::uint32_t here = std::source_location::current().line() + 1;
        const list chain = *g.next();
        ASSERT_EQ(chain.size(), 3u);
        EXPECT_EQ(chain[0].line, here);
        EXPECT_LT(chain[1].line, chain[0].line);
        EXPECT_LT(chain[2].line, chain[1].line);
    }
}

TEST(from, the_outer_generator_runs_while_the_inner_one_does) {
    using states = generator<generator_state>;
    const states* self = nullptr;
    const auto inner = [](const states*& o) -> states {
        EXPECT_FALSE(o->delegating());
        co_yield o->state();
        EXPECT_FALSE(o->delegating());
        co_yield o->state();
    };
    const auto outer = [&](const states*& o) -> states { co_yield weft::from(inner(o)); };
    auto g = outer(self);
    self = &g;
    EXPECT_EQ(g.next(), generator_state::running);
    EXPECT_TRUE(g.delegating());
    EXPECT_EQ(g.next(), generator_state::running);
}

}  // namespace
