// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/function_concepts.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <concepts>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

// What CPython's test_generators asserts and no other test here does; docs/parity-generators.md lists all of it.

namespace {

using weft::generator;
using weft::generator_state;

TEST(generator_parity, cannot_be_copied) {
    EXPECT_FALSE(std::copy_constructible<generator<int>>);
    EXPECT_FALSE((std::assignable_from<generator<int>&, const generator<int>&>));
}

// Lambdas and functions

using echo = generator<int, int, int>;
echo function() { co_return co_yield 1; }
echo function_from_function() { co_return co_yield weft::from(function()); }

TEST(generator_parity, lambdas_and_functions_are_alike_alone_and_delegated_to) {
    const auto lambda = []() -> echo { co_return co_yield 1; };
    const auto lambda_from_function = []() -> echo { co_return co_yield weft::from(function()); };
    const auto lambda_from_lambda = [&]() -> echo { co_return co_yield weft::from(lambda()); };
    echo each[] = {function(), function_from_function(), lambda(), lambda_from_function(), lambda_from_lambda()};
    for (echo& g : each) {
        EXPECT_EQ(g.next(), 1);
        EXPECT_FALSE(g.send(2));
        EXPECT_EQ(g.result(), 2);
    }
}

TEST(generator_parity, a_co_yield_that_is_never_reached_makes_a_generator) {
    const auto guarded = []() -> generator<int> {
        if (false) co_yield 1;
    };
    const auto after_the_end = [](bool end) -> generator<int> {
        if (end) co_return;
        co_yield 1;
    };
    EXPECT_FALSE(guarded().next());
    EXPECT_FALSE(after_the_end(true).next());
    EXPECT_TRUE(weft::generator_function<decltype(guarded)>);
}

TEST(generator_parity, a_co_yield_of_a_function_inside_does_not_make_one_of_the_function_around_it) {
    const auto around = [] {
        [[maybe_unused]] const auto inside = []() -> generator<int> { co_yield 1; };
        return 0;
    };
    EXPECT_FALSE(weft::generator_function<decltype(around)>);
    EXPECT_EQ(around(), 0);
}

TEST(generator_parity, a_co_return_in_a_try_block_is_no_exception) {
    const auto body = []() -> generator<int> {
        bool caught = false;
        try {
            co_return;
        } catch (...) {
            caught = true;
        }
        if (caught) co_yield 1;
    };
    EXPECT_FALSE(body().next());
}

TEST(generator_parity, what_was_sent_may_be_a_tuple_or_an_exception_object_and_be_returned) {
    using pair = std::tuple<int, std::string>;
    const auto tuple = []() -> generator<int, pair, pair> { co_return co_yield 1; };
    auto t = tuple();
    EXPECT_EQ(t.next(), 1);
    EXPECT_FALSE(t.send({2, "two"}));
    EXPECT_EQ(t.result(), pair(2, "two"));

    using error = std::optional<std::runtime_error>;
    const auto exception = []() -> generator<int, error, error> { co_return co_yield 1; };
    auto e = exception();
    EXPECT_EQ(e.next(), 1);
    EXPECT_FALSE(e.send(std::runtime_error("a value as any other")));
    EXPECT_STREQ(e.result()->what(), "a value as any other");
}

// Which exception is being handled

std::string handled() {
    const auto error = std::current_exception();
    if (!error) return "none";
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    }
}

TEST(generator_parity, the_handled_exception_is_its_own_then_the_callers_then_none) {
    const auto body = []() -> generator<std::string> {
        std::string seen;
        co_yield handled();
        try {
            throw std::logic_error("its own");
        } catch (const std::logic_error&) {
            seen = handled();
        }
        co_yield seen + ", " + handled();
        co_yield handled();
    };
    auto g = body();
    EXPECT_EQ(g.next(), "none");
    try {
        throw std::runtime_error("the caller's");
    } catch (const std::runtime_error&) {
        EXPECT_EQ(g.next(), "its own, the caller's");
        EXPECT_EQ(handled(), "the caller's");
    }
    EXPECT_EQ(g.next(), "none");
    EXPECT_EQ(handled(), "none");
}

TEST(generator_parity, the_callers_exception_raised_in_it_is_handled_and_answered_by_another) {
    const auto body = []() -> generator<std::string> {
        std::string seen = handled();
        try {
            try {
                co_yield seen;
            } catch (const std::runtime_error&) {
                seen = handled();
                throw std::logic_error("the answer");
            }
        } catch (const std::exception&) {
            seen += ", " + handled();
        }
        co_yield seen + ", " + handled();
        co_yield handled();
    };
    auto g = body();
    EXPECT_EQ(g.next(), "none");
    try {
        throw std::runtime_error("the caller's");
    } catch (const std::runtime_error&) {
        EXPECT_EQ(g.raise(std::current_exception()), "the caller's, the answer, the caller's");
    }
    EXPECT_EQ(g.next(), "none");
    EXPECT_EQ(handled(), "none");
}

TEST(generator_parity, an_exception_may_be_raised_after_another_was_handled) {
    const auto body = []() -> generator<int> {
        try {
            throw std::out_of_range("handled");
        } catch (const std::out_of_range&) {
        }
        try {
            co_yield 1;
        } catch (const std::exception&) {
            throw std::runtime_error("the answer");
        }
    };
    auto g = body();
    g.next();
    EXPECT_THROW(g.raise(std::invalid_argument("raised")), std::runtime_error);
    EXPECT_TRUE(g.done());
}

// Frames

using names = std::vector<std::string>;
using talking = generator<names, int>;

names names_of(const talking& g) {
    names all;
    for (const auto& frame : g.frames()) all.push_back(frame.function);
    return all;
}
talking shown_innermost(const talking*& outer) {
    for (;;) {
        try {
            co_yield names_of(*outer);
        } catch (const std::runtime_error&) {
        }
    }
}
talking shown_outer(const talking*& self) { co_yield weft::from(shown_innermost(self)); }

names asks_next(talking& g) { return *g.next(); }
names sends(talking& g) { return *g.send(1); }
names raises(talking& g) { return *g.raise(std::runtime_error("caught")); }

TEST(generator_parity, frames_in_the_innermost_are_the_same_after_next_send_and_raise) {
    const talking* self = nullptr;
    auto g = shown_outer(self);
    self = &g;
    EXPECT_EQ(asks_next(g), (names{"asks_next", "shown_outer", "shown_innermost"}));
    EXPECT_EQ(sends(g), (names{"sends", "shown_outer", "shown_innermost"}));
    EXPECT_EQ(raises(g), (names{"raises", "shown_outer", "shown_innermost"}));
    EXPECT_EQ(asks_next(g), (names{"asks_next", "shown_outer", "shown_innermost"}));
}

TEST(generator_parity, one_that_has_not_started_has_no_caller) {
    const talking* self = nullptr;
    const auto g = shown_outer(self);
    EXPECT_EQ(names_of(g), names{"shown_outer"});
}

// Delegation

TEST(generator_parity, an_inner_generator_refused_by_its_outer_one_goes_on_however_it_was_entered) {
    struct loop {
        static generator<int, int> outer(generator<int, int>*& self) {
            try {
                co_yield 0;
            } catch (const std::logic_error&) {
            }
            co_yield weft::from(inner(self));
            try {
                co_yield 3;
            } catch (const std::logic_error&) {
            }
        }
        static generator<int, int> inner(generator<int, int>*& o) {
            try {
                co_yield 1;
            } catch (const std::logic_error&) {
            }
            try {
                co_yield weft::from(std::move(*o));
            } catch (const weft::generator_already_running&) {
            }
            try {
                co_yield 2;
            } catch (const std::logic_error&) {
            }
        }
    };
    const auto by_next = [](auto& g) { return g.next(); };
    const auto by_send = [](auto& g) { return g.send(42); };
    const auto by_raise = [](auto& g) { return g.raise(std::logic_error("caught")); };
    const auto all = [](auto enter) {
        generator<int, int>* self = nullptr;
        auto g = loop::outer(self);
        self = &g;
        std::vector<int> elements{*g.next()};
        while (const auto element = enter(g)) elements.push_back(*element);
        return elements;
    };
    EXPECT_EQ(all(by_next), (std::vector{0, 1, 2, 3}));
    EXPECT_EQ(all(by_send), (std::vector{0, 1, 2, 3}));
    EXPECT_EQ(all(by_raise), (std::vector{0, 1, 2, 3}));
}

TEST(generator_parity, an_exception_after_an_element_of_the_inner_generator_ends_it_and_then_the_outer_one) {
    std::vector<std::string> log;
    struct at_end {
        std::vector<std::string>& l;
        std::string name;
        ~at_end() { l.push_back(name); }
    };
    const auto inner = [](std::vector<std::string>& l) -> generator<std::string> {
        const at_end ends(l, "inner ends");
        co_yield "inner 1";
        throw std::runtime_error("inner fails");
    };
    const auto outer = [&](std::vector<std::string>& l) -> generator<std::string> {
        const at_end ends(l, "outer ends");
        co_yield "outer 1";
        co_yield weft::from(inner(l));
        co_yield "outer 2";
    };
    auto g = outer(log);
    EXPECT_EQ(g.next(), "outer 1");
    EXPECT_EQ(g.next(), "inner 1");
    EXPECT_THROW(g.next(), std::runtime_error);
    EXPECT_EQ(log, (std::vector<std::string>{"inner ends", "outer ends"}));
}

}  // namespace
