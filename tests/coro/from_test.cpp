// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// One generator hands over to another: next, send, raise and what is returned.

namespace {

using weft::generator;
using weft::generator_state;
using log_t = std::vector<std::string>;

/// A `finally`: says in the log when it goes.
struct finally {
    log_t& log;
    std::string name;
    ~finally() { log.push_back(name); }
};

using text = generator<std::string>;

text inner_text(log_t& log) {
    const finally f(log, "inner ends");
    log.push_back("inner begins");
    co_yield "inner 1";
    co_yield "inner 2";
}
text outer_text(log_t& log) {
    const finally f(log, "outer ends");
    log.push_back("outer begins");
    co_yield "outer 1";
    co_yield weft::from(inner_text(log));
    co_yield "outer 2";
}

// next

TEST(from, next_goes_to_the_inner_generator) {
    log_t log;
    for (std::string s : outer_text(log)) log.push_back(std::move(s));
    EXPECT_EQ(log, (log_t{"outer begins", "outer 1", "inner begins", "inner 1", "inner 2", "inner ends", "outer 2",
                          "outer ends"}));
}

TEST(from, the_first_next_of_all_goes_to_the_inner_generator) {
    log_t log;
    const auto outer = [](log_t& l) -> text {
        l.push_back("outer begins");
        co_yield weft::from(inner_text(l));
        l.push_back("outer goes on");
    };
    for (std::string s : outer(log)) log.push_back(std::move(s));
    EXPECT_EQ(log, (log_t{"outer begins", "inner begins", "inner 1", "inner 2", "inner ends", "outer goes on"}));
}

TEST(from, one_may_follow_another_and_yield_nothing) {
    const auto count = [](int begin, int end) -> generator<int> {
        for (int i = begin; i < end; ++i) co_yield i;
    };
    const auto outer = [&]() -> generator<int> {
        co_yield weft::from(count(0, 0));
        co_yield weft::from(count(0, 2));
        co_yield weft::from(count(0, 0));
        co_yield weft::from(count(2, 4));
        co_yield weft::from(count(0, 0));
    };
    std::vector<int> all;
    for (const int i : outer()) all.push_back(i);
    EXPECT_EQ(all, (std::vector{0, 1, 2, 3}));
    const auto empty = [&]() -> generator<int> { co_yield weft::from(count(0, 0)); };
    EXPECT_FALSE(empty().next());
}

TEST(from, references_and_move_only_values_pass_through) {
    int n = 5;
    const auto reference = [](int& i) -> generator<int&> { co_yield i; };
    const auto outer_reference = [&](int& i) -> generator<int&> { co_yield weft::from(reference(i)); };
    EXPECT_EQ(outer_reference(n).next(), &n);
    const auto pointers = []() -> generator<std::unique_ptr<int>> {
        co_yield std::make_unique<int>(1);
        co_yield std::make_unique<int>(2);
    };
    const auto outer_pointers = [&]() -> generator<std::unique_ptr<int>> { co_yield weft::from(pointers()); };
    int sum = 0;
    for (const std::unique_ptr<int>& p : outer_pointers()) sum += *p;
    EXPECT_EQ(sum, 3);
}

TEST(from, takes_one_that_has_started_where_it_stands) {
    log_t log;
    const auto outer = [](text inner) -> text { co_yield weft::from(std::move(inner)); };
    auto inner = inner_text(log);
    EXPECT_EQ(inner.next(), "inner 1");
    auto g = outer(std::move(inner));
    EXPECT_EQ(g.next(), "inner 2");
    EXPECT_FALSE(g.next());
}

TEST(from, one_that_has_finished_gives_its_result_at_once) {
    const auto finished = []() -> generator<int, void, std::string> {
        co_yield 1;
        co_return "done before";
    };
    const auto outer = [&]() -> generator<int, void, std::string> {
        auto inner = finished();
        while (inner.next()) {
        }
        co_return co_yield weft::from(std::move(inner));
    };
    auto g = outer();
    EXPECT_FALSE(g.next());
    EXPECT_EQ(g.result(), "done before");
}

TEST(from, one_that_failed_or_was_closed_or_moved_from_has_no_result_to_give) {
    using with_result = generator<int, void, int>;
    const auto failing = []() -> with_result {
        throw std::runtime_error("no");
        co_return 1;
    };
    const auto outer = [](with_result inner) -> with_result { co_return co_yield weft::from(std::move(inner)); };
    auto failed = failing();
    EXPECT_THROW(failed.next(), std::runtime_error);
    EXPECT_THROW(outer(std::move(failed)).next(), weft::invalid_state_error);
    auto closed = failing();
    closed.close();
    EXPECT_THROW(outer(std::move(closed)).next(), weft::invalid_state_error);
    EXPECT_THROW(outer(with_result()).next(), weft::invalid_state_error);

    const auto nothing = [](generator<int> inner) -> generator<int> { co_yield weft::from(std::move(inner)); };
    EXPECT_FALSE(nothing(generator<int>()).next()) << "where there is nothing to give, nothing is missed";
}

// What is returned

generator<int, void, std::string> returning(int n, std::string result) {
    for (int i = 0; i < n; ++i) co_yield i;
    co_return result;
}

TEST(from, gives_what_the_inner_generator_returned) {
    const auto outer = []() -> generator<int, void, std::string> {
        std::string s = co_yield weft::from(returning(2, "first"));
        s += co_yield weft::from(returning(0, " second"));
        co_return s + "!";
    };
    auto g = outer();
    EXPECT_EQ(g.next(), 0);
    EXPECT_EQ(g.next(), 1);
    EXPECT_FALSE(g.next());
    EXPECT_EQ(g.result(), "first second!");
}

TEST(from, gives_references_move_only_results_and_nothing) {
    int n = 0;
    const auto reference = [](int& i) -> generator<int, void, int&> {
        co_yield 1;
        co_return i;
    };
    const auto move_only = []() -> generator<int, void, std::unique_ptr<int>> {
        co_yield 2;
        co_return std::make_unique<int>(3);
    };
    const auto nothing = []() -> generator<int> { co_yield 4; };
    const auto outer = [&]() -> generator<int> {
        int& r = co_yield weft::from(reference(n));
        EXPECT_EQ(&r, &n);
        const std::unique_ptr<int> p = co_yield weft::from(move_only());
        EXPECT_EQ(*p, 3);
        co_yield weft::from(nothing());
        static_assert(std::is_void_v<decltype(std::declval<generator<int>>().result())>);
    };
    std::vector<int> all;
    for (const int i : outer()) all.push_back(i);
    EXPECT_EQ(all, (std::vector{1, 2, 4}));
}

TEST(from, a_result_that_is_not_used_is_dropped) {
    const auto outer = []() -> generator<int> { co_yield weft::from(returning(1, "nobody wants this long string")); };
    auto g = outer();
    EXPECT_EQ(g.next(), 0);
    EXPECT_FALSE(g.next());
}

// send

using talk = generator<std::string, std::string>;
using receiver = generator<std::string, std::string, std::string>;

receiver inner_receiver() {
    std::string got;
    got += co_yield "inner 1";
    got += co_yield "inner 2 after " + got;
    co_return got;
}
talk outer_talk() {
    const std::string first = co_yield "outer 1";
    const std::string result = co_yield weft::from(inner_receiver());
    const std::string last = co_yield "outer 2: " + first + ", " + result;
    co_yield "outer 3: " + last;
}

TEST(from, send_goes_to_the_inner_generator) {
    auto g = outer_talk();
    EXPECT_EQ(g.next(), "outer 1");
    EXPECT_EQ(g.send("a"), "inner 1");
    EXPECT_EQ(g.send("b"), "inner 2 after b");
    EXPECT_EQ(g.send("c"), "outer 2: a, bc");
    EXPECT_EQ(g.send("d"), "outer 3: d");
    EXPECT_FALSE(g.send("e"));
}

TEST(from, next_gives_the_inner_generator_a_default_value) {
    auto g = outer_talk();
    EXPECT_EQ(g.next(), "outer 1");
    EXPECT_EQ(g.next(), "inner 1");
    EXPECT_EQ(g.next(), "inner 2 after ");
    EXPECT_EQ(g.next(), "outer 2: , ");
}

TEST(from, an_exception_after_a_send_passes_through_both) {
    const auto inner = []() -> talk {
        const std::string got = co_yield "inner 1";
        throw std::runtime_error("did not like " + got);
    };
    const auto outer = [&]() -> talk { co_yield weft::from(inner()); };
    auto g = outer();
    g.next();
    try {
        g.send("that");
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "did not like that");
    }
    EXPECT_FALSE(g.next());
}

TEST(from, send_to_an_inner_generator_that_takes_nothing_fails_at_the_co_yield_that_delegates) {
    log_t log;
    const auto outer = [](log_t& l) -> talk {
        std::string refused;
        try {
            co_yield weft::from(inner_text(l));
        } catch (const weft::generator_cannot_send& e) {
            refused = e.what();
        }
        const std::string got = co_yield refused;
        co_yield "and goes on with " + got;
    };
    auto g = outer(log);
    EXPECT_EQ(g.next(), "inner 1");
    EXPECT_EQ(g.next(), "inner 2");
    EXPECT_EQ(g.send("lost"), "a value was sent, but what the generator delegates to takes none");
    EXPECT_EQ(log, (log_t{"inner begins", "inner ends"}));
    EXPECT_EQ(g.send("this"), "and goes on with this");
}

TEST(from, the_innermost_that_could_take_a_value_is_the_one_that_fails) {
    log_t log;
    const auto deaf = [](log_t& l) -> text { co_yield weft::from(inner_text(l)); };
    const auto listening = [&](log_t& l) -> talk {
        const finally f(l, "listening ends");
        co_yield weft::from(deaf(l));
    };
    const auto outer = [&](log_t& l) -> talk {
        bool refused = false;
        try {
            co_yield weft::from(listening(l));
        } catch (const weft::generator_cannot_send&) {
            refused = true;
        }
        co_yield refused ? "passed through the listening one" : "not refused";
    };
    auto g = outer(log);
    EXPECT_EQ(g.next(), "inner 1");
    EXPECT_EQ(g.send("lost"), "passed through the listening one");
    EXPECT_EQ(log, (log_t{"inner begins", "inner ends", "listening ends"}));
    EXPECT_EQ(g.state(), generator_state::suspended);
}

TEST(from, send_before_the_first_next_is_refused_whatever_will_delegate) {
    const auto outer = []() -> talk { co_yield weft::from(outer_talk()); };
    auto g = outer();
    EXPECT_THROW(g.send("early"), weft::generator_not_started);
    EXPECT_EQ(g.next(), "outer 1");
    EXPECT_EQ(g.send("a"), "inner 1");
}

// Exceptions out of the inner generator

TEST(from, an_exception_of_the_inner_generator_is_raised_at_the_co_yield) {
    const auto failing = [](int n) -> generator<int> {
        for (int i = 0; i < n; ++i) co_yield i;
        throw std::runtime_error("inner");
    };
    const auto outer = [&](int n) -> generator<int> {
        bool caught = false;
        try {
            co_yield weft::from(failing(n));
        } catch (const std::runtime_error&) {
            caught = true;
        }
        if (caught) co_yield -1;
        co_yield weft::from(failing(n));
    };
    for (int n = 0; n < 3; ++n) {
        auto g = outer(n);
        for (int i = 0; i < n; ++i) EXPECT_EQ(g.next(), i);
        EXPECT_EQ(g.next(), -1);
        for (int i = 0; i < n; ++i) EXPECT_EQ(g.next(), i);
        EXPECT_THROW(g.next(), std::runtime_error);
        EXPECT_FALSE(g.next());
    }
}

TEST(from, an_exception_passes_innermost_first) {
    log_t log;
    const auto failing = [](log_t& l) -> text {
        const finally f(l, "inner ends");
        throw std::runtime_error("at once");
        co_yield "never";
    };
    const auto outer = [&](log_t& l) -> text {
        const finally f(l, "outer ends");
        co_yield weft::from(failing(l));
    };
    EXPECT_THROW(outer(log).next(), std::runtime_error);
    EXPECT_EQ(log, (log_t{"inner ends", "outer ends"}));
}

}  // namespace
