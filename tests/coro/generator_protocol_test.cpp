// SPDX-License-Identifier: Apache-2.0
#include "live_object.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Talking to a generator: send, raise, close, and what it returns.

namespace {

using weft::generator;
using weft::generator_state;

// send

TEST(generator_send, gives_the_value_at_the_co_yield) {
    const auto averager = []() -> generator<double, double> {
        double sum = 0, n = 0, mean = 0;
        for (;;) {
            sum += co_yield mean;
            mean = sum / ++n;
        }
    };
    auto g = averager();
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.send(4), 4);
    EXPECT_EQ(g.send(8), 6);
    EXPECT_EQ(g.send(0), 4);
}

TEST(generator_send, next_gives_a_default_value_and_an_optional_tells_the_two_apart) {
    const auto plain = []() -> generator<int, int> { co_yield co_yield co_yield 1; };
    auto g = plain();
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.send(5), 5);
    EXPECT_EQ(g.next(), 0);

    const auto telling = []() -> generator<bool, std::optional<int>> {
        bool sent = false;
        for (;;) sent = (co_yield sent).has_value();
    };
    auto t = telling();
    EXPECT_EQ(t.next(), false);
    EXPECT_EQ(t.send(0), true);
    EXPECT_EQ(t.next(), false);
    EXPECT_EQ(t.send(std::nullopt), false);
}

TEST(generator_send, takes_move_only_values) {
    const auto body = []() -> generator<int, std::unique_ptr<int>> {
        int last = 0;
        for (;;) {
            const std::unique_ptr<int> got = co_yield last;
            last = got ? *got : -1;
        }
    };
    auto g = body();
    g.next();
    EXPECT_EQ(g.send(std::make_unique<int>(3)), 3);
    EXPECT_EQ(g.next(), -1);
    auto named = std::make_unique<int>(4);
    EXPECT_EQ(g.send(std::move(named)), 4);
}

TEST(generator_send, converts_what_is_sent) {
    const auto body = []() -> generator<std::size_t, std::string> {
        std::size_t length = 0;
        for (;;) length = (co_yield length).size();
    };
    auto g = body();
    g.next();
    EXPECT_EQ(g.send("four"), 4u);
}

TEST(generator_send, a_value_that_the_body_does_not_look_at_is_dropped) {
    live_object::reset();
    const auto body = []() -> generator<int, std::optional<live_object>> {
        co_yield 1;
        co_yield 2;
    };
    auto g = body();
    g.next();
    EXPECT_EQ(g.send(std::optional<live_object>(std::in_place, 9)), 2);
    EXPECT_EQ(live_object::count, 0);
    EXPECT_FALSE(g.next());
}

TEST(generator_send, to_one_that_has_not_started_is_refused_and_harms_nothing) {
    const auto body = []() -> generator<int, int> { co_yield co_yield 1; };
    auto g = body();
    try {
        g.send(5);
        FAIL() << "it was not refused";
    } catch (const weft::generator_not_started& e) {
        EXPECT_STREQ(e.what(), "can't send a value to a just-started generator: call next() first");
    }
    EXPECT_EQ(g.state(), generator_state::created);
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.send(5), 5);
}

TEST(generator_send, to_a_finished_one_gives_nothing_for_ever) {
    const auto body = []() -> generator<int, int> { co_yield 1; };
    auto g = body();
    g.next();
    EXPECT_FALSE(g.send(1));
    EXPECT_FALSE(g.send(2));
}

TEST(generator_send, a_value_whose_move_throws_fails_at_the_co_yield) {
    live_object::reset();
    const auto body = []() -> generator<std::string, std::optional<live_object>> {
        std::string failure = "none";
        for (int i = 0; i < 2; ++i) {
            try {
                co_yield failure;
            } catch (const std::runtime_error& e) {
                failure = e.what();
            }
        }
        co_yield failure;
    };
    auto g = body();
    g.next();
    std::optional<live_object> value(std::in_place, 1);
    live_object::moves_until_failure = 1;  // the first one is into the parameter of send()
    EXPECT_EQ(g.send(std::move(value)), "the move failed");
    live_object::moves_until_failure = -1;
    value.reset();
    EXPECT_EQ(live_object::count, 0);
    EXPECT_EQ(g.next(), "the move failed") << "it goes on as any body that caught something";
}

TEST(generator_send, producer_and_consumer_take_turns) {
    std::vector<std::string> log;
    const auto consumer = [](std::vector<std::string>& l) -> generator<bool, std::optional<std::string>> {
        bool wants_more = true;
        for (int taken = 0;; ++taken) {
            const auto item = co_yield wants_more;
            if (item) l.push_back("got " + *item);
            wants_more = taken < 1;
        }
    };
    auto c = consumer(log);
    c.next();
    for (int i = 0; *c.send("item " + std::to_string(i)); ++i) log.push_back("made " + std::to_string(i));
    EXPECT_EQ(log, (std::vector<std::string>{"got item 0", "made 0", "got item 1"}));
}

// What it returns

TEST(generator_result, is_there_once_the_body_has_returned) {
    const auto body = []() -> generator<int, void, std::string> {
        co_yield 1;
        co_return "the result";
    };
    auto g = body();
    EXPECT_THROW((void)g.result(), weft::invalid_state_error);
    g.next();
    EXPECT_THROW((void)g.result(), weft::invalid_state_error);
    EXPECT_FALSE(g.next());
    EXPECT_EQ(g.result(), "the result");
    EXPECT_EQ(g.result(), "the result") << "looking at it does not use it up";
    g.result() += "!";
    EXPECT_EQ(std::move(g).result(), "the result!");
}

TEST(generator_result, may_be_move_only_a_reference_or_nothing) {
    const auto move_only = []() -> generator<int, void, std::unique_ptr<int>> {
        co_yield 1;
        co_return std::make_unique<int>(2);
    };
    auto m = move_only();
    while (m.next()) {
    }
    EXPECT_EQ(*m.result(), 2);
    const std::unique_ptr<int> taken = std::move(m).result();
    EXPECT_EQ(*taken, 2);

    int n = 0;
    const auto reference = [](int& i) -> generator<int, void, int&> {
        co_yield 1;
        co_return i;
    };
    auto r = reference(n);
    while (r.next()) {
    }
    EXPECT_EQ(&r.result(), &n);
    EXPECT_EQ(&std::move(r).result(), &n);

    const auto nothing = []() -> generator<int> { co_yield 1; };
    auto v = nothing();
    EXPECT_THROW(v.result(), weft::invalid_state_error);
    while (v.next()) {
    }
    EXPECT_NO_THROW(v.result());
}

TEST(generator_result, may_be_what_was_sent) {
    const auto body = []() -> generator<int, std::string, std::string> { co_return co_yield 1; };
    auto g = body();
    g.next();
    EXPECT_FALSE(g.send("there and back"));
    EXPECT_EQ(g.result(), "there and back");
}

TEST(generator_result, may_be_an_exception_object_without_being_thrown) {
    const auto body = []() -> generator<int, void, std::runtime_error> {
        co_yield 1;
        co_return std::runtime_error("a value as any other");
    };
    auto g = body();
    while (g.next()) {
    }
    EXPECT_STREQ(g.result().what(), "a value as any other");
}

TEST(generator_result, a_failed_one_has_none) {
    const auto body = []() -> generator<int, void, int> {
        throw std::runtime_error("no");
        co_return 1;
    };
    auto g = body();
    EXPECT_THROW(g.next(), std::runtime_error);
    EXPECT_THROW((void)g.result(), weft::invalid_state_error);
}

TEST(generator_result, whose_copy_throws_fails_the_generator) {
    live_object::reset();
    const auto body = []() -> generator<int, void, live_object> {
        const live_object named(1);
        co_yield 1;
        co_return named;
    };
    {
        auto g = body();
        g.next();
        live_object::copies_until_failure = 0;
        EXPECT_THROW(g.next(), std::runtime_error);
        EXPECT_TRUE(g.done());
        EXPECT_THROW((void)g.result(), weft::invalid_state_error);
    }
    EXPECT_EQ(live_object::count, 0);
}

// raise

generator<std::string> forgiving(std::vector<std::string>& log) {
    for (;;) {
        std::string caught;
        try {
            co_yield "waiting";
        } catch (const std::runtime_error& e) {
            caught = e.what();
        }
        if (caught.empty()) continue;
        log.push_back("caught " + caught);
        co_yield "recovered from " + caught;
    }
}

TEST(generator_raise, raises_at_the_co_yield_and_gives_what_is_yielded_next) {
    std::vector<std::string> log;
    auto g = forgiving(log);
    EXPECT_EQ(g.next(), "waiting");
    EXPECT_EQ(g.raise(std::runtime_error("one")), "recovered from one");
    EXPECT_EQ(g.next(), "waiting");
    EXPECT_EQ(g.raise(std::make_exception_ptr(std::runtime_error("two"))), "recovered from two");
    EXPECT_EQ(log, (std::vector<std::string>{"caught one", "caught two"}));
}

TEST(generator_raise, gives_nothing_if_the_body_returns) {
    const auto body = []() -> generator<int, void, std::string> {
        try {
            co_yield 1;
        } catch (int i) {
            co_return "caught " + std::to_string(i);
        }
        co_return "nothing came";
    };
    auto g = body();
    g.next();
    EXPECT_FALSE(g.raise(42));
    EXPECT_EQ(g.result(), "caught 42");
}

TEST(generator_raise, what_nobody_catches_comes_back_and_finishes_it) {
    std::vector<std::string> log;
    auto g = forgiving(log);
    g.next();
    EXPECT_THROW(g.raise(42), int);
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
    EXPECT_THROW(g.raise(std::runtime_error("later")), std::runtime_error);
    EXPECT_TRUE(log.empty());
}

TEST(generator_raise, the_very_object_arrives) {
    const std::exception_ptr sent = std::make_exception_ptr(std::runtime_error("the one"));
    std::exception_ptr arrived;
    const auto body = [](std::exception_ptr& a) -> generator<int> {
        try {
            co_yield 1;
        } catch (...) {
            a = std::current_exception();
            throw;
        }
    };
    auto g = body(arrived);
    g.next();
    try {
        g.raise(sent);
    } catch (...) {
        EXPECT_EQ(std::current_exception(), sent);
    }
    EXPECT_EQ(arrived, sent);
}

TEST(generator_raise, an_lvalue_is_copied_and_stays) {
    std::vector<std::string> log;
    auto g = forgiving(log);
    g.next();
    const std::runtime_error error("kept");
    g.raise(error);
    EXPECT_STREQ(error.what(), "kept");
    EXPECT_EQ(log, std::vector<std::string>{"caught kept"});
}

TEST(generator_raise, into_one_that_has_not_started_comes_straight_back_and_it_has_finished) {
    bool ran = false;
    const auto body = [](bool& r) -> generator<int> {
        r = true;
        co_yield 1;
    };
    auto g = body(ran);
    EXPECT_THROW(g.raise(std::runtime_error("too early")), std::runtime_error);
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
    EXPECT_FALSE(ran);
}

TEST(generator_raise, without_an_exception_is_refused_and_harms_nothing) {
    std::vector<std::string> log;
    auto g = forgiving(log);
    EXPECT_THROW(g.raise(nullptr), std::invalid_argument);
    EXPECT_EQ(g.state(), generator_state::created);
    g.next();
    EXPECT_THROW(g.raise(std::exception_ptr()), std::invalid_argument);
    EXPECT_EQ(g.raise(std::runtime_error("as before")), "recovered from as before");
}

TEST(generator_raise, generator_exit_is_raised_as_any_other_and_comes_back) {
    auto seen = 0;
    const auto body = [](int& s) -> generator<int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
            ++s;
            throw;
        }
    };
    auto g = body(seen);
    g.next();
    EXPECT_THROW(g.raise(weft::generator_exit()), weft::generator_exit);
    EXPECT_EQ(seen, 1);
    EXPECT_TRUE(g.done());
}

TEST(generator_raise, the_error_of_an_earlier_call_does_not_come_again) {
    std::vector<std::string> log;
    auto g = forgiving(log);
    g.next();
    for (int i = 0; i < 100; ++i) {
        g.raise(std::runtime_error("again"));
        EXPECT_EQ(g.next(), "waiting");
        EXPECT_EQ(g.next(), "waiting");
    }
    EXPECT_EQ(log.size(), 100u);
}

}  // namespace
