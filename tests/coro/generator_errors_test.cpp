// SPDX-License-Identifier: Apache-2.0
#include "live_object.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Exceptions from every position, and a generator entered while it runs.

namespace {

using weft::generator;
using weft::generator_state;

[[noreturn]] int fails(const std::string& what) { throw std::runtime_error(what); }

template <class F>
std::string error_of(F f) {
    try {
        f();
    } catch (const std::runtime_error& e) {
        return e.what();
    }
    return "none";
}

TEST(generator_errors, before_the_first_co_yield) {
    const auto body = []() -> generator<int> {
        fails("at once");
        co_yield 1;
    };
    auto g = body();
    EXPECT_EQ(error_of([&] { g.next(); }), "at once");
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next()) << "it is given once";
}

TEST(generator_errors, between_and_after_co_yields) {
    const auto body = [](int at) -> generator<int> {
        for (int i = 0; i < 3; ++i) {
            if (i == at) fails("at " + std::to_string(i));
            co_yield i;
        }
        fails("at the end");
    };
    for (int at = 0; at <= 3; ++at) {
        auto g = body(at);
        for (int i = 0; i < at; ++i) EXPECT_EQ(g.next(), i);
        EXPECT_EQ(error_of([&] { g.next(); }), at == 3 ? "at the end" : "at " + std::to_string(at));
        EXPECT_FALSE(g.next());
    }
}

TEST(generator_errors, in_the_expression_that_is_yielded) {
    const auto body = []() -> generator<int> {
        co_yield 1;
        std::string caught;
        try {
            co_yield fails("in the expression");
        } catch (const std::runtime_error& e) {
            caught = e.what();
        }
        EXPECT_EQ(caught, "in the expression");
        co_yield 2;
        co_yield fails("again");
    };
    auto g = body();
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.next(), 2);
    EXPECT_EQ(error_of([&] { g.next(); }), "again");
}

TEST(generator_errors, in_the_function_that_a_yielded_expression_calls_passes_both) {
    struct chain {
        static int bottom() { return fails("from the bottom"); }
        static generator<int> middle() { co_yield bottom(); }
        static generator<int> top() {
            for (const int i : middle()) co_yield i;
        }
    };
    auto g = chain::top();
    EXPECT_EQ(error_of([&] { g.next(); }), "from the bottom");
    EXPECT_TRUE(g.done());
}

TEST(generator_errors, in_the_copy_of_what_is_yielded_is_raised_in_the_body) {
    live_object::reset();
    const auto body = []() -> generator<live_object> {
        const live_object named(1);
        std::string caught;
        try {
            co_yield named;
        } catch (const std::runtime_error& e) {
            caught = e.what();
        }
        EXPECT_EQ(caught, "the copy failed");
        co_yield live_object(2);
    };
    {
        auto g = body();
        live_object::copies_until_failure = 0;
        EXPECT_EQ(g.next()->value, 2);
        EXPECT_FALSE(g.next());
    }
    EXPECT_EQ(live_object::count, 0);
}

TEST(generator_errors, in_the_move_of_what_is_yielded_finishes_it) {
    live_object::reset();
    const auto body = []() -> generator<live_object> { co_yield live_object(1); };
    {
        auto g = body();
        live_object::moves_until_failure = 0;
        EXPECT_EQ(error_of([&] { g.next(); }), "the move failed");
        EXPECT_TRUE(g.done());
    }
    EXPECT_EQ(live_object::count, 0);
}

TEST(generator_errors, in_the_move_to_the_caller_leave_it_suspended) {
    live_object::reset();
    const auto body = []() -> generator<live_object> {
        co_yield live_object(1);
        co_yield live_object(2);
    };
    {
        auto g = body();
        live_object::moves_until_failure = 1;  // the first one is into the generator
        EXPECT_EQ(error_of([&] { g.next(); }), "the move failed");
        EXPECT_EQ(g.state(), generator_state::suspended);
        EXPECT_EQ(g.next()->value, 2);
    }
    EXPECT_EQ(live_object::count, 0);
}

TEST(generator_errors, in_the_copy_of_a_parameter_is_the_calls) {
    live_object::reset();
    const auto body = [](std::unique_ptr<int>, live_object) -> generator<int> { co_yield 1; };
    const live_object argument(1);
    live_object::moves_until_failure = 0;  // into the frame
    EXPECT_EQ(error_of([&] { body(std::make_unique<int>(1), argument).next(); }), "the move failed");
    EXPECT_EQ(live_object::count, 1);
}

TEST(generator_errors, what_is_no_std_exception_passes_as_well) {
    const auto body = []() -> generator<int> {
        throw 42;
        co_yield 1;
    };
    EXPECT_THROW(body().next(), int);
}

TEST(generator_errors, in_the_consumers_loop_leave_it_suspended) {
    const auto body = []() -> generator<int> {
        for (int i = 0;; ++i) co_yield i;
    };
    auto g = body();
    EXPECT_EQ(error_of([&] {
                  for (const int i : g) {
                      if (i == 2) fails("the consumer's own");
                  }
              }),
              "the consumer's own");
    EXPECT_EQ(g.state(), generator_state::suspended);
    EXPECT_EQ(g.next(), 3);
}

TEST(generator_errors, out_of_iteration_come_from_begin_or_from_the_increment) {
    const auto body = [](int n) -> generator<int> {
        for (int i = 0; i < n; ++i) co_yield i;
        fails("the end");
    };
    auto at_once = body(0);
    EXPECT_EQ(error_of([&] { (void)at_once.begin(); }), "the end");
    auto g = body(1);
    auto i = g.begin();
    EXPECT_EQ(*i, 0);
    EXPECT_EQ(error_of([&] { ++i; }), "the end");
    EXPECT_TRUE(i == g.end());
    EXPECT_EQ(error_of([&] {
                  for (const int e : body(3)) EXPECT_LT(e, 3);
              }),
              "the end");
}

TEST(generator_errors, caught_around_a_co_yield_are_only_those_of_the_body) {
    // Python's PEP 255: try, except and finally around yields. A co_yield may not stand in a handler: leave it first.
    const auto body = []() -> generator<int> {
        bool outer_caught = false;
        try {
            co_yield 1;
            std::exception_ptr error;
            try {
                co_yield 2;
                fails("a division by zero, say");
                co_yield 3;
            } catch (const std::runtime_error&) {
                error = std::current_exception();
            }
            co_yield 4;
            co_yield 5;
            std::rethrow_exception(error);
            co_yield 7;
        } catch (...) {
            outer_caught = true;
        }
        if (outer_caught) co_yield 8;
        co_yield 9;
    };
    std::vector<int> all;
    for (const int i : body()) all.push_back(i);
    EXPECT_EQ(all, (std::vector{1, 2, 4, 5, 8, 9}));
}

TEST(generator_errors, the_callers_exception_is_seen_in_the_body_and_still_there_afterwards) {
    const auto body = []() -> generator<std::string> {
        co_yield error_of([] { throw; });
        co_yield error_of([] { fails("the body's own"); });
    };
    auto g = body();
    try {
        fails("the caller's");
    } catch (const std::runtime_error&) {
        EXPECT_EQ(g.next(), "the caller's");
        EXPECT_EQ(g.next(), "the body's own");
        EXPECT_EQ(error_of([] { throw; }), "the caller's");
    }
    EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(generator_errors, may_be_kept_and_thrown_on_after_more_co_yields) {
    const auto body = []() -> generator<int> {
        std::exception_ptr error;
        try {
            co_yield 1;
        } catch (...) {
            error = std::current_exception();
        }
        co_yield 2;
        if (error) std::rethrow_exception(error);
    };
    auto g = body();
    g.next();
    EXPECT_EQ(g.raise(std::runtime_error("kept")), 2);
    EXPECT_EQ(error_of([&] { g.next(); }), "kept");
}

// Re-entrancy

/// Each way into a generator.
template <class G>
std::vector<std::pair<std::string, std::function<void(G&)>>> entrances() {
    return {{"next", [](G& g) { (void)g.next(); }},
            {"send", [](G& g) { (void)g.send(1); }},
            {"raise", [](G& g) { (void)g.raise(std::runtime_error("not to arrive")); }},
            {"raise of an exit", [](G& g) { (void)g.raise(weft::generator_exit()); }},
            {"close", [](G& g) { (void)g.close(); }},
            {"begin", [](G& g) { (void)g.begin(); }},
            {"from", [](G& g) { (void)weft::from(std::move(g)); }}};
}
using talking = generator<int, int>;

/// Tries every entrance. @return how many were refused
int refused(talking& g) {
    int count = 0;
    for (const auto& [name, enter] : entrances<talking>()) {
        try {
            enter(g);
            ADD_FAILURE() << name << " was let in";
        } catch (const weft::generator_already_running& e) {
            EXPECT_STREQ(e.what(), "generator already executing") << name;
            ++count;
        }
        EXPECT_EQ(g.state(), generator_state::running) << name;
    }
    return count;
}

talking re_entering(talking*& me) {
    co_yield refused(*me);
    for (;;) {
        bool raised = false;
        int sent = 0;
        try {
            sent = co_yield refused(*me);
        } catch (const std::runtime_error&) {
            raised = refused(*me) == 7;
        } catch (const weft::generator_exit&) {
            EXPECT_EQ(refused(*me), 7);
            throw;
        }
        co_yield raised ? -1 : sent;
    }
}

TEST(generator_reentrancy, is_refused_from_the_body_however_it_was_entered) {
    talking* self = nullptr;
    auto g = re_entering(self);
    self = &g;
    EXPECT_EQ(g.next(), 7);
    EXPECT_EQ(g.next(), 7);
    EXPECT_EQ(g.send(5), 5) << "it is unharmed";
    EXPECT_EQ(g.send(0), 7);
    EXPECT_EQ(g.raise(std::runtime_error("from outside")), -1);
    EXPECT_EQ(g.next(), 7);
    g.close();
    EXPECT_TRUE(g.done());
}

TEST(generator_reentrancy, that_nobody_catches_finishes_it) {
    const auto body = [](generator<int>*& me) -> generator<int> {
        co_yield 1;
        co_yield *me->next();
    };
    generator<int>* self = nullptr;
    auto g = body(self);
    self = &g;
    EXPECT_EQ(g.next(), 1);
    EXPECT_THROW(g.next(), weft::generator_already_running);
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
}

TEST(generator_reentrancy, by_way_of_another_generator_is_refused_as_well) {
    struct loop {
        static generator<int> outer(generator<int>& between) {
            co_yield 1;
            for (const int i : between) co_yield i;
        }
        static generator<int> between(generator<int>*& o) {
            bool was_refused = false;
            try {
                o->next();
            } catch (const weft::generator_already_running&) {
                was_refused = true;
            }
            co_yield was_refused ? 2 : -1;
        }
    };
    generator<int>* self = nullptr;
    auto between = loop::between(self);
    auto g = loop::outer(between);
    self = &g;
    std::vector<int> all;
    for (const int i : g) all.push_back(i);
    EXPECT_EQ(all, (std::vector{1, 2}));
}

TEST(generator_reentrancy, a_generator_may_resume_others_at_any_depth) {
    struct depth {
        static generator<int> down(int n) {
            if (n > 0) {
                auto further = down(n - 1);
                while (auto i = further.next()) co_yield *i + 1;
            }
            co_yield 0;
        }
    };
    int sum = 0;
    for (const int i : depth::down(100)) sum += i;
    EXPECT_EQ(sum, 100 * 101 / 2);
}

}  // namespace
