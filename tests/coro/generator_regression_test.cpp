// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// What once was wrong.

namespace {

using weft::generator;
using weft::generator_state;
using talking = generator<int, int>;

/// What an inner generator finds when it tries to enter the outer one at its beginning.
talking enters(talking*& outer) {
    EXPECT_EQ(outer->state(), generator_state::running);
    EXPECT_FALSE(outer->delegating());
    bool refused = false;
    try {
        outer->next();
    } catch (const weft::generator_already_running&) {
        refused = true;
    }
    EXPECT_THROW((void)weft::from(std::move(*outer)), weft::generator_already_running);
    co_yield refused ? 7 : -1;
}
talking nothing() { co_return; }
talking one() { co_yield 1; }

TEST(generator_regression, a_second_delegation_is_refused_entrance_to_its_delegator) {
    const auto outer = [](talking*& self) -> talking {
        co_yield weft::from(one());
        co_yield weft::from(enters(self));
    };
    talking* self = nullptr;
    auto g = outer(self);
    self = &g;
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.next(), 7);
}

TEST(generator_regression, a_delegation_after_an_empty_one_is_refused_entrance_to_its_delegator) {
    const auto outer = [](talking*& self) -> talking {
        co_yield weft::from(nothing());
        co_yield weft::from(enters(self));
    };
    talking* self = nullptr;
    auto g = outer(self);
    self = &g;
    EXPECT_EQ(g.next(), 7);
}

TEST(generator_regression, a_delegation_begun_by_send_or_raise_is_refused_entrance_to_its_delegator) {
    const auto outer = [](talking*& self) -> talking {
        try {
            co_yield 0;
        } catch (const std::runtime_error&) {
        }
        co_yield weft::from(enters(self));
    };
    for (const bool sends : {true, false}) {
        talking* self = nullptr;
        auto g = outer(self);
        self = &g;
        g.next();
        EXPECT_EQ(sends ? g.send(1) : g.raise(std::runtime_error("go on")), 7);
    }
}

TEST(generator_regression, a_delegation_begun_by_close_is_refused_entrance_to_its_delegator) {
    const auto outer = [](talking*& self) -> talking {
        try {
            co_yield 0;
        } catch (const weft::generator_exit&) {
        }
        co_yield weft::from(enters(self));
        co_yield 8;
    };
    talking* self = nullptr;
    auto g = outer(self);
    self = &g;
    g.next();
    EXPECT_THROW(g.close(), weft::generator_ignored_exit);
    EXPECT_TRUE(g.delegating());
    EXPECT_EQ(g.next(), 8);
}

TEST(generator_regression, a_delegation_begun_while_an_inner_generator_is_closed_is_destroyed_with_it) {
    const auto inner = [](talking*& outer) -> talking {
        try {
            co_yield 0;
        } catch (const weft::generator_exit&) {
        }
        co_yield weft::from(nothing());
        co_yield weft::from(enters(outer));
    };
    const auto outer = [&](talking*& self) -> talking { co_yield weft::from(inner(self)); };
    talking* self = nullptr;
    auto g = outer(self);
    self = &g;
    g.next();
    EXPECT_THROW(g.close(), weft::generator_ignored_exit);
    EXPECT_TRUE(g.done());
}

struct exit_with_code : weft::generator_exit {
    explicit exit_with_code(int c) : code(c) {}
    int code;
};

TEST(generator_regression, an_exit_of_ones_own_kind_arrives_as_such_in_the_outer_generator) {
    const auto inner = [](int& seen) -> generator<int> {
        try {
            co_yield 1;
        } catch (const exit_with_code&) {
            seen = -1;
        } catch (const weft::generator_exit&) {
            seen = 1;
            throw;
        }
    };
    const auto outer = [&](int& in, int& out) -> generator<int> {
        try {
            co_yield weft::from(inner(in));
        } catch (const exit_with_code& e) {
            out = e.code;
            throw;
        }
    };
    int in = 0, out = 0;
    auto g = outer(in, out);
    g.next();
    EXPECT_THROW(g.raise(exit_with_code(3)), exit_with_code);
    EXPECT_EQ(in, 1) << "the inner one is closed, which is a plain exit";
    EXPECT_EQ(out, 3);
}

TEST(generator_regression, who_was_refused_is_not_the_caller) {
    using lines = std::vector<std::uint32_t>;
    const auto body = [](generator<lines>*& self) -> generator<lines> {
        const std::uint32_t before = self->frames().at(0).line;
        EXPECT_THROW(self->next(), weft::generator_already_running);
        EXPECT_THROW(self->close(), weft::generator_already_running);
        co_yield lines{before, self->frames().at(0).line};
    };
    generator<lines>* self = nullptr;
    auto g = body(self);
    self = &g;
    const std::uint32_t here = std::source_location::current().line() + 1;
    const lines seen = *g.next();
    EXPECT_EQ(seen, (lines{here, here}));
}

TEST(generator_regression, raising_nothing_into_nothing_is_refused) {
    generator<int> g;
    EXPECT_THROW(g.raise(std::exception_ptr()), std::invalid_argument);
}

TEST(generator_regression, may_be_moved_by_its_own_body) {
    const auto body = [](generator<int>*& self, generator<int>& to) -> generator<int> {
        to = std::move(*self);
        co_yield 1;
        co_yield 2;
    };
    generator<int>* self = nullptr;
    generator<int> to;
    auto g = body(self, to);
    self = &g;
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(to.next(), 2);
    EXPECT_FALSE(g.next());
}

TEST(generator_regression, moves_the_elements_of_a_range_that_nobody_else_knows) {
    const auto body = []() -> generator<std::unique_ptr<int>> {
        std::vector<std::unique_ptr<int>> v;
        for (int i = 0; i < 3; ++i) v.push_back(std::make_unique<int>(i));
        co_yield weft::from(std::move(v));
    };
    int sum = 0;
    for (const std::unique_ptr<int>& p : body()) sum += *p;
    EXPECT_EQ(sum, 3);
}

// A destructor that enters the generator whose frame it is in

struct enters_at_its_end {
    generator<int>& known;
    std::vector<int>& found;
    ~enters_at_its_end() {
        while (const auto element = known.next()) found.push_back(*element);
        found.push_back(known.state() == generator_state::closed ? -1 : -2);
    }
};
generator<int> known_to_its_local(generator<int>& self, std::vector<int>& found) {
    const enters_at_its_end e(self, found);
    for (int i = 1; i < 4; ++i) co_yield i;
}

TEST(generator_regression, entered_while_it_is_destroyed_it_has_no_body_any_more) {
    std::vector<int> found;
    {
        generator<int> g;
        g = known_to_its_local(g, found);
        EXPECT_EQ(g.next(), 1);
    }
    EXPECT_EQ(found, std::vector{-1});
}

TEST(generator_regression, entered_by_what_it_delegates_to_while_it_is_destroyed_it_has_no_body_any_more) {
    const auto outer = [](generator<int>& self, std::vector<int>& found) -> generator<int> {
        co_yield weft::from(known_to_its_local(self, found));
    };
    std::vector<int> found;
    {
        generator<int> g;
        g = outer(g, found);
        EXPECT_EQ(g.next(), 1);
    }
    EXPECT_EQ(found, std::vector{-1});
}

TEST(generator_regression, entered_while_it_is_replaced_it_is_the_new_one) {
    const auto new_one = []() -> generator<int> {
        co_yield 10;
        co_yield 11;
    };
    std::vector<int> found;
    generator<int> g;
    g = known_to_its_local(g, found);
    EXPECT_EQ(g.next(), 1);
    g = new_one();
    EXPECT_EQ(found, (std::vector{10, 11, -1}));
}

// A destructor that throws after the co_return

struct throws_at_its_end {
    ~throws_at_its_end() noexcept(false) { throw std::runtime_error("at the end"); }  // NOLINT(*-exception-escape)
};

TEST(generator_regression, a_destructor_that_throws_after_the_co_return_leaves_no_result) {
    const auto of_value = []() -> generator<int, void, int> {
        const throws_at_its_end t;
        co_yield 1;
        co_return 5;
    };
    const auto of_nothing = []() -> generator<int> {
        const throws_at_its_end t;
        co_yield 1;
    };
    auto value = of_value();
    auto nothing = of_nothing();
    value.next();
    nothing.next();
    EXPECT_THROW(value.next(), std::runtime_error);
    EXPECT_THROW(nothing.next(), std::runtime_error);
    EXPECT_THROW((void)value.result(), weft::invalid_state_error);
    EXPECT_THROW(nothing.result(), weft::invalid_state_error);
}

generator<int, void, int> goes_on_after_its_first_return() {
    try {
        const throws_at_its_end t;
        co_return 5;
    } catch (const std::runtime_error&) {
    }
    co_yield 2;
    co_return 6;
}

TEST(generator_regression, a_co_return_that_did_not_come_to_its_end_leaves_no_result) {
    auto closed = goes_on_after_its_first_return();
    EXPECT_EQ(closed.next(), 2);
    EXPECT_FALSE(closed.close().has_value());
    EXPECT_THROW((void)closed.result(), weft::invalid_state_error);
    auto failed = goes_on_after_its_first_return();
    EXPECT_EQ(failed.next(), 2);
    EXPECT_THROW(failed.raise(1), int);
    EXPECT_THROW((void)failed.result(), weft::invalid_state_error);
    auto returned = goes_on_after_its_first_return();
    EXPECT_EQ(returned.next(), 2);
    EXPECT_FALSE(returned.next());
    EXPECT_EQ(returned.result(), 6);
}

// An lvalue in braces

TEST(generator_regression, an_lvalue_in_braces_is_copied) {
    const auto texts = []() -> generator<std::string> {
        std::string text = "a text that does not fit into the string object";
        co_yield {text};
        co_yield {std::move(text)};
        co_yield {"xxxx", 3};
        co_yield {};
    };
    std::vector<std::string> all;
    for (auto&& text : texts()) all.push_back(text);
    EXPECT_EQ(all, (std::vector<std::string>{"a text that does not fit into the string object",
                                             "a text that does not fit into the string object", "xxx", ""}));
    const auto numbers = []() -> generator<int> {
        const int seven = 7;
        co_yield {seven};
        co_yield {8};
    };
    auto g = numbers();
    EXPECT_EQ(g.next(), 7);
    EXPECT_EQ(g.next(), 8);
    const auto owners = []() -> generator<std::unique_ptr<int>> { co_yield {std::make_unique<int>(9)}; };
    EXPECT_EQ(**owners().next(), 9) << "what can only be moved still is";
}

}  // namespace
