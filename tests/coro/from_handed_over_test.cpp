// SPDX-License-Identifier: Apache-2.0
#include "delegating_text.hpp"

#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Handing on a generator while it delegates itself.

namespace {

text delegating_text(text inner) {
    const std::string own = "outermost";
    std::string caught;
    try {
        co_yield weft::from(std::move(inner));
    } catch (const std::runtime_error& e) {
        caught = e.what();
    }
    co_yield own + " goes on" + (caught.empty() ? "" : " after " + caught);
}
/// Two deep, started, and delegating when it is handed over; then three deep.
text handed_over(log_t& log) {
    auto g = outer_text(log);
    EXPECT_EQ(g.next(), "inner 1");
    EXPECT_TRUE(g.delegating());
    return delegating_text(std::move(g));
}

TEST(from_handed_over, goes_on_with_the_innermost_generator) {
    log_t log;
    auto g = handed_over(log);
    EXPECT_EQ(g.next(), "inner 2");
    EXPECT_EQ(g.frames().size(), 3u);
    EXPECT_EQ(g.next(), "outer goes on");
    EXPECT_EQ(g.frames().size(), 2u);
    EXPECT_EQ(g.next(), "outermost goes on");
    EXPECT_FALSE(g.delegating());
    EXPECT_FALSE(g.next());
}

TEST(from_handed_over, is_raised_into_at_the_innermost_generator) {
    log_t log;
    auto g = handed_over(log);
    g.next();
    EXPECT_EQ(g.raise(std::runtime_error("help")), "inner recovered");
    EXPECT_EQ(g.raise(std::runtime_error("more")), "outer caught more");
    EXPECT_EQ(g.raise(std::runtime_error("still more")), "outermost goes on after still more");
}

TEST(from_handed_over, is_closed_innermost_first) {
    log_t log;
    auto g = handed_over(log);
    g.next();
    g.close();
    EXPECT_EQ(log, (log_t{"inner exit", "inner ends", "outer exit", "outer ends"}));
}

TEST(from_handed_over, is_destroyed_innermost_first_or_before_it_was_taken_up) {
    log_t log;
    {
        auto g = handed_over(log);
        g.next();
    }
    EXPECT_EQ(log, (log_t{"inner ends", "outer ends"}));
    log.clear();
    {
        const auto g = handed_over(log);
    }
    EXPECT_EQ(log, (log_t{"inner ends", "outer ends"}));
}

TEST(from_handed_over, in_the_middle_of_a_range_goes_on_there) {
    const auto iterating = []() -> generator<int> { co_yield weft::from(std::vector{1, 2, 3}); };
    const auto outer = [](generator<int> inner) -> generator<int> {
        co_yield 0;
        co_yield weft::from(std::move(inner));
        co_yield 4;
    };
    auto inner = iterating();
    EXPECT_EQ(inner.next(), 1);
    auto g = outer(std::move(inner));
    for (int i : {0, 2, 3, 4}) EXPECT_EQ(g.next(), i);
    EXPECT_FALSE(g.next());
}

TEST(from_handed_over, again_and_again) {
    const auto wrap = [](generator<int> inner) -> generator<int> {
        co_yield weft::from(std::move(inner));
        co_yield -1;
    };
    const auto count = []() -> generator<int> {
        for (int i = 0; i < 5; ++i) co_yield i;
    };
    auto g = count();
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(g.next(), i);
        g = wrap(std::move(g));
    }
    for (int i = 0; i < 5; ++i) EXPECT_EQ(g.next(), -1);
    EXPECT_FALSE(g.next());
}

}  // namespace
