// SPDX-License-Identifier: Apache-2.0
#include "delegating_text.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// raise() and close() of a generator that delegates, and its destruction.

namespace {

// raise

TEST(from_raise, goes_to_the_inner_generator_whose_next_element_is_the_result) {
    log_t log;
    auto g = outer_text(log);
    g.next();
    EXPECT_EQ(g.raise(std::runtime_error("help")), "inner recovered");
    EXPECT_TRUE(g.delegating());
    EXPECT_EQ(g.next(), "inner goes on");
    EXPECT_EQ(g.next(), "outer goes on");
    EXPECT_EQ(log, (log_t{"inner caught help", "inner ends"}));
}

TEST(from_raise, that_ends_the_inner_generator_lets_the_outer_one_go_on) {
    log_t log;
    auto g = outer_text(log);
    g.next();
    EXPECT_EQ(g.raise(std::runtime_error("returns")), "outer goes on");
}

TEST(from_raise, what_the_inner_generator_does_not_catch_is_raised_in_the_outer_one) {
    log_t log;
    auto g = outer_text(log);
    g.next();
    EXPECT_EQ(g.raise(std::runtime_error("throws on")), "outer caught inner's answer");
    auto passing = outer_text(log);
    passing.next();
    EXPECT_EQ(passing.raise(std::logic_error("no runtime_error")), "outer caught no runtime_error");
    auto unknown = outer_text(log);
    unknown.next();
    log.clear();
    EXPECT_THROW(unknown.raise(42), int);
    EXPECT_EQ(log, (log_t{"inner ends", "outer ends"}));
    EXPECT_EQ(unknown.state(), generator_state::closed);
}

TEST(from_raise, gives_what_a_caught_exception_makes_the_inner_generator_return) {
    const auto inner = []() -> generator<int, void, int> {
        try {
            co_yield 1;
        } catch (const std::runtime_error&) {
            co_return 2;
        }
        co_return -1;
    };
    const auto outer = [&]() -> generator<int> { co_yield co_yield weft::from(inner()); };
    auto g = outer();
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.raise(std::runtime_error("caught")), 2);
}

TEST(from_raise, of_an_exit_closes_the_inner_generator_first) {
    log_t log;
    auto g = outer_text(log);
    g.next();
    EXPECT_THROW(g.raise(weft::generator_exit()), weft::generator_exit);
    EXPECT_EQ(log, (log_t{"inner exit", "inner ends", "outer exit", "outer ends"}));
}

TEST(from_raise, of_an_exit_that_the_inner_generator_answers_by_returning_is_raised_in_the_outer_one) {
    log_t log;
    auto g = outer_text(log, on_exit::returns);
    g.next();
    EXPECT_THROW(g.raise(weft::generator_exit()), weft::generator_exit);
    EXPECT_EQ(log, (log_t{"inner exit", "inner ends", "outer exit", "outer ends"}));
}

TEST(from_raise, of_an_exit_that_the_inner_generator_ignores_is_an_error_in_the_outer_one) {
    log_t log;
    auto g = outer_text(log, on_exit::yields);
    g.next();
    EXPECT_EQ(g.raise(weft::generator_exit()), "outer caught generator ignored generator_exit");
    EXPECT_EQ(g.next(), "outer goes on");
}

TEST(from_raise, of_an_exit_that_the_inner_generator_answers_by_throwing_is_that_error_in_the_outer_one) {
    log_t log;
    auto g = outer_text(log, on_exit::throws);
    g.next();
    EXPECT_EQ(g.raise(weft::generator_exit()), "outer caught the inner clean-up failed");
}

// close

TEST(from_close, closes_the_inner_generator_first) {
    log_t log;
    auto g = outer_text(log);
    g.next();
    g.close();
    EXPECT_EQ(log, (log_t{"inner exit", "inner ends", "outer exit", "outer ends"}));
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(from_close, the_outer_generator_hears_of_the_exit_also_if_the_inner_one_returned) {
    log_t log;
    auto g = outer_text(log, on_exit::returns);
    g.next();
    g.close();
    EXPECT_EQ(log, (log_t{"inner exit", "inner ends", "outer exit", "outer ends"}));
}

TEST(from_close, an_inner_generator_that_ignores_it_is_an_error_in_the_outer_one) {
    const auto passing = [](log_t& l) -> text { co_yield weft::from(inner_text(l, on_exit::yields)); };
    log_t log;
    auto g = passing(log);
    g.next();
    EXPECT_THROW(g.close(), weft::generator_ignored_exit);
    EXPECT_EQ(g.state(), generator_state::closed) << "the outer one let the error pass";
    EXPECT_EQ(log, (log_t{"inner exit", "inner ends"}));
}

TEST(from_close, an_outer_generator_that_yields_because_of_the_inner_ones_error_ignores_it_too) {
    log_t log;
    auto g = outer_text(log, on_exit::yields);
    g.next();
    EXPECT_THROW(g.close(), weft::generator_ignored_exit);
    EXPECT_EQ(g.state(), generator_state::suspended);
    EXPECT_EQ(g.next(), "outer goes on");
    EXPECT_NO_THROW(g.close());
}

TEST(from_close, an_error_of_the_inner_generator_is_raised_in_the_outer_one) {
    log_t log;
    const auto passing = [](log_t& l) -> text {
        const finally f(l, "outer ends");
        co_yield weft::from(inner_text(l, on_exit::throws));
    };
    auto g = passing(log);
    g.next();
    try {
        g.close();
        FAIL() << "nothing was thrown";
    } catch (const std::logic_error& e) {
        EXPECT_STREQ(e.what(), "the inner clean-up failed");
    }
    EXPECT_EQ(log, (log_t{"inner exit", "inner ends", "outer ends"}));
}

TEST(from_close, what_the_inner_generator_returns_is_lost_and_what_the_outer_one_returns_given) {
    const auto inner = []() -> generator<int, void, int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
        }
        co_return 10;
    };
    const auto outer = [&]() -> generator<int, void, int> {
        int result = 0;
        try {
            result = co_yield weft::from(inner());
        } catch (const weft::generator_exit&) {
            result += 5;
        }
        co_return result;
    };
    auto g = outer();
    g.next();
    EXPECT_EQ(g.close(), 5);
}

TEST(from_close, clean_up_may_delegate_which_ignores_the_exit) {
    const auto more = []() -> generator<int> {
        co_yield 2;
        co_yield 3;
    };
    const auto body = [&]() -> generator<int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
        }
        co_yield weft::from(more());
    };
    auto g = body();
    g.next();
    EXPECT_THROW(g.close(), weft::generator_ignored_exit);
    EXPECT_TRUE(g.delegating());
    EXPECT_EQ(g.next(), 3);
    EXPECT_FALSE(g.next());
}

TEST(from_close, an_inner_generator_whose_clean_up_delegates_ignores_the_exit) {
    log_t log;
    const auto innermost = [](log_t& l) -> generator<int> {
        const finally f(l, "innermost ends");
        co_yield 2;
    };
    const auto inner = [&](log_t& l) -> generator<int> {
        const finally f(l, "inner ends");
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
        }
        co_yield weft::from(innermost(l));
    };
    const auto outer = [&](log_t& l) -> generator<int> { co_yield weft::from(inner(l)); };
    auto g = outer(log);
    g.next();
    EXPECT_THROW(g.close(), weft::generator_ignored_exit);
    EXPECT_TRUE(g.done());
    EXPECT_EQ(log, (log_t{"innermost ends", "inner ends"}));
}

TEST(from_close, clean_up_that_delegates_to_what_yields_nothing_is_no_yield) {
    log_t log;
    const auto quiet = [](log_t& l) -> generator<int> {
        l.push_back("quiet");
        co_return;
    };
    const auto inner = [&](log_t& l) -> generator<int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
        }
        co_yield weft::from(quiet(l));
        l.push_back("inner ends");
    };
    const auto outer = [&](log_t& l) -> generator<int> { co_yield weft::from(inner(l)); };
    auto g = outer(log);
    g.next();
    g.close();
    EXPECT_EQ(log, (log_t{"quiet", "inner ends"}));
}

// Going without close

struct looks_outwards {
    log_t& log;
    std::string name;
    const std::string& outer_local;
    ~looks_outwards() { log.push_back(name + " sees " + outer_local); }
};
generator<int> looking(log_t& log, int depth, const std::string& outer_local) {
    const std::string own = "local " + std::to_string(depth);
    const looks_outwards l(log, "generator " + std::to_string(depth), outer_local);
    if (depth > 0) co_yield weft::from(looking(log, depth - 1, own));
    co_yield 1;
}

TEST(from_destroyed, a_suspended_chain_goes_innermost_first) {
    log_t log;
    const std::string root = "root";
    {
        auto g = looking(log, 2, root);
        g.next();
    }
    EXPECT_EQ(log, (log_t{"generator 0 sees local 1", "generator 1 sees local 2", "generator 2 sees root"}));
}

TEST(from_destroyed, an_inner_generator_that_has_finished_goes_before_the_outer_one_goes_on) {
    log_t log;
    const auto outer = [](log_t& l) -> text {
        co_yield weft::from(inner_text(l));
        l.push_back("outer goes on");
    };
    for (const std::string& s : outer(log)) log.push_back(s);
    EXPECT_EQ(log, (log_t{"inner 1", "inner 2", "inner ends", "outer goes on"}));
}

TEST(from_destroyed, a_delegation_that_was_never_yielded_goes_with_its_generator) {
    log_t log;
    {
        auto started = inner_text(log);
        started.next();
        [[maybe_unused]] const auto d = weft::from(std::move(started));
        EXPECT_TRUE(log.empty());
    }
    EXPECT_EQ(log, log_t{"inner ends"});
}

}  // namespace
