// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/coro/task.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// Async generators by hand, without a loop: what they yield, take and throw, and where they stand. What becomes of what they
// hold: async_generator_lifetime_test.

namespace {

using std::suspend_always;
using weft::async_generator;
using weft::generator_state;
using weft::task;

/// Steps to the end. @return how often it was suspended
int suspensions(task<> t) {
    int count = 0;
    while (!t.step()) ++count;
    return count;
}

async_generator<int> counts(int n = 1 << 30) {
    for (int i = 0; i < n; ++i) co_yield i;
}

// Elements

TEST(async_generator, next_gives_an_optional_and_for_references_a_pointer) {
    static_assert(
        std::is_same_v<decltype(std::declval<async_generator<int>&>().next().await_resume()), std::optional<int>>);
    static_assert(
        std::is_same_v<decltype(std::declval<async_generator<const int&>&>().next().await_resume()), const int*>);
    static_assert(std::is_void_v<decltype(std::declval<async_generator<int>&>().close().await_resume())>);
    static_assert(!std::is_copy_constructible_v<async_generator<int>>);
}

TEST(async_generator, an_element_is_made_from_what_converts_to_it) {
    const auto body = [](std::string lvalue) -> async_generator<std::string> {
        co_yield "a literal";
        co_yield lvalue;
        EXPECT_EQ(lvalue, "an lvalue, copied");
        co_yield std::move(lvalue);
        co_yield {"xxxx", 3};
    };
    const auto main = [&]() -> task<> {
        auto g = body("an lvalue, copied");
        EXPECT_EQ(co_await g.next(), "a literal");
        EXPECT_EQ(co_await g.next(), "an lvalue, copied");
        EXPECT_EQ(co_await g.next(), "an lvalue, copied");
        EXPECT_EQ(co_await g.next(), "xxx");
        EXPECT_FALSE(co_await g.next());
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator, yields_references_to_the_objects_themselves) {
    const auto body = [](std::vector<int>& all) -> async_generator<int&> {
        for (int& i : all) {
            co_await suspend_always();
            co_yield i;
        }
    };
    const auto read_only = []() -> async_generator<const std::string&> { co_yield std::string("lives in the frame"); };
    const auto main = [&]() -> task<> {
        std::vector<int> all{1, 2, 3};
        auto g = body(all);
        while (int* const i = co_await g.next()) *i *= 10;
        EXPECT_EQ(all, (std::vector<int>{10, 20, 30}));
        auto texts = read_only();
        EXPECT_EQ(*co_await texts.next(), "lives in the frame");
        EXPECT_EQ(co_await texts.next(), nullptr);
    };
    EXPECT_EQ(suspensions(main()), 3);
}

TEST(async_generator, yields_and_takes_what_can_only_be_moved) {
    using owner = std::unique_ptr<int>;
    const auto body = []() -> async_generator<owner, owner> {
        owner sent = co_yield std::make_unique<int>(1);
        for (;;) sent = co_yield std::move(sent);
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        EXPECT_EQ(**co_await g.next(), 1);
        auto mine = std::make_unique<int>(2);
        EXPECT_EQ(**co_await g.send(std::move(mine)), 2);
        EXPECT_EQ(mine, nullptr);
        EXPECT_EQ(*co_await g.next(), nullptr) << "next() sends an empty one";
    };
    EXPECT_EQ(suspensions(main()), 0);
}

// What is sent

TEST(async_generator, an_optional_tells_next_from_send) {
    const auto body = []() -> async_generator<bool, std::optional<int>> {
        bool sent = false;
        for (;;) sent = (co_yield sent).has_value();
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        EXPECT_EQ(co_await g.next(), false);
        EXPECT_EQ(co_await g.send(0), true);
        EXPECT_EQ(co_await g.next(), false);
        EXPECT_EQ(co_await g.send(std::nullopt), false);
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator, a_pointer_that_is_sent_is_told_from_next_as_well) {
    const auto body = []() -> async_generator<int, std::string*> {
        for (;;) {
            if (std::string* const at = co_yield 0) *at += "!";
        }
    };
    const auto main = [&]() -> task<> {
        std::string text = "hello";
        auto g = body();
        co_await g.next();
        co_await g.send(&text);
        EXPECT_EQ(text, "hello!");
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator, what_is_sent_may_be_awaited_by_the_body_before_it_is_used) {
    const auto body = []() -> async_generator<std::string, std::string> {
        std::string said = co_yield "";
        for (;;) {
            co_await suspend_always();
            said = co_yield "you said " + said;
        }
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        co_await g.next();
        EXPECT_EQ(co_await g.send("hello"), "you said hello");
        EXPECT_EQ(co_await g.send(std::string(100, 'x')), "you said " + std::string(100, 'x'));
    };
    EXPECT_EQ(suspensions(main()), 2);
}

// Exceptions

TEST(async_generator, an_exception_before_at_or_after_an_element_comes_out_of_its_next) {
    struct element {
        explicit element(int i) {
            if (i < 0) throw std::runtime_error("making the element");
        }
    };
    enum class fails { before, making_it, after };
    const auto body = [](fails where) -> async_generator<element> {
        co_await suspend_always();
        if (where == fails::before) throw std::runtime_error("before");
        co_yield element(where == fails::making_it ? -1 : 1);
        throw std::runtime_error("after");
    };
    const auto main = [&](fails where) -> task<> {
        auto g = body(where);
        if (where == fails::after) {
            EXPECT_TRUE((co_await g.next()).has_value());
        }
        EXPECT_THROW(co_await g.next(), std::runtime_error);
        EXPECT_TRUE(g.done());
        EXPECT_FALSE((co_await g.next()).has_value());
    };
    for (const fails where : {fails::before, fails::making_it, fails::after}) EXPECT_EQ(suspensions(main(where)), 1);
}

TEST(async_generator, an_exception_while_making_an_element_may_be_caught_and_another_one_yielded) {
    struct element {
        int value;
        explicit element(int i) : value(i) {
            if (i < 0) throw std::runtime_error("making the element");
        }
    };
    const auto body = []() -> async_generator<element> {
        for (const int i : {-1, 1}) {
            try {
                co_yield element(i);
            } catch (const std::runtime_error&) {
            }
        }
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        EXPECT_EQ((co_await g.next())->value, 1);
        EXPECT_FALSE((co_await g.next()).has_value());
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator, raise_takes_any_exception_and_refuses_an_empty_exception_ptr) {
    const auto body = []() -> async_generator<int> {
        try {
            co_yield 1;
        } catch (int i) {
            co_return;
        }
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        EXPECT_THROW((void)g.raise(std::exception_ptr()), std::invalid_argument);
        co_await g.next();
        EXPECT_FALSE(co_await g.raise(7)) << "caught, and the body has ended";
        EXPECT_FALSE(co_await g.raise(std::runtime_error("unheard")));

        auto created = counts();
        EXPECT_THROW(co_await created.raise(std::runtime_error("")), std::runtime_error);
        EXPECT_EQ(created.state(), generator_state::closed);
        EXPECT_FALSE(co_await created.next());
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator, close_while_an_operation_is_in_flight_is_refused_without_a_loop) {
    const auto body = []() -> async_generator<int> {
        co_await suspend_always();
        co_yield 1;
    };
    auto g = body();
    const auto reads = [&]() -> task<> { EXPECT_EQ(co_await g.next(), 1); };
    const auto closes = [&]() -> task<> { EXPECT_THROW(co_await g.close(), weft::generator_already_running); };
    const auto asks = [&]() -> task<> { EXPECT_THROW(co_await g.next(), weft::generator_already_running); };
    auto reading = reads();
    EXPECT_FALSE(reading.step());
    EXPECT_TRUE(closes().step());
    EXPECT_TRUE(asks().step());
    EXPECT_EQ(g.state(), generator_state::running);
    EXPECT_TRUE(reading.step());
}

// Where it stands

TEST(async_generator, where_is_its_co_yield_or_co_await) {
    std::uint_least32_t awaits = 0, yields = 0;
    const auto body = [&]() -> async_generator<int> {
        awaits = __LINE__ + 1;
        co_await suspend_always();
        yields = __LINE__ + 1;
        co_yield 1;
    };
    auto g = body();
    const auto reads = [&]() -> task<> { co_await g.next(); };
    auto reading = reads();
    EXPECT_FALSE(reading.step());
    EXPECT_EQ(g.where().line(), awaits);
    EXPECT_EQ(g.frames().size(), 1u);
    EXPECT_TRUE(reading.step());
    EXPECT_EQ(g.where().line(), yields);
    EXPECT_EQ(g.frames().back().line, yields);
}

TEST(async_generator, its_frames_include_what_it_awaits) {
    const auto inner = []() -> task<> { co_await suspend_always(); };
    const auto body = [&]() -> async_generator<int> {
        co_await inner();
        co_yield 1;
    };
    auto g = body();
    const auto reads = [&]() -> task<> { co_await g.next(); };
    auto reading = reads();
    EXPECT_FALSE(reading.step());
    EXPECT_EQ(g.frames().size(), 2u);
    EXPECT_TRUE(reading.step());
    EXPECT_EQ(g.frames().size(), 1u);
}

TEST(async_generator, moved_from_or_default_made_it_is_at_its_end) {
    const auto main = []() -> task<> {
        auto g = counts();
        EXPECT_EQ(co_await g.next(), 0);
        auto moved = std::move(g);
        EXPECT_EQ(co_await moved.next(), 1);
        async_generator<int> none;
        for (auto* const empty : {&g, &none}) {
            EXPECT_TRUE(empty->done());
            EXPECT_EQ(empty->state(), generator_state::closed);
            EXPECT_TRUE(empty->frames().empty());
            EXPECT_THROW((void)empty->where(), weft::invalid_state_error);
            EXPECT_FALSE(co_await empty->next());
            co_await empty->close();
        }
        g = std::move(moved);
        EXPECT_EQ(co_await g.next(), 2);
        EXPECT_FALSE(co_await moved.next());
    };
    EXPECT_EQ(suspensions(main()), 0);
}

// Many

TEST(async_generator, a_hundred_thousand_elements_take_a_constant_stack) {
    const auto hand_on = [](async_generator<int> source) -> async_generator<int> {
        while (const auto i = co_await source.next()) co_yield *i;
    };
    const auto main = [&]() -> task<> {
        auto g = hand_on(counts(100'000));
        int expected = 0;
        while (const auto i = co_await g.next()) {
            if (*i != expected++) ADD_FAILURE() << *i;
        }
        EXPECT_EQ(expected, 100'000);
    };
    EXPECT_EQ(suspensions(main()), 0);
}

/// Hands on what the one within yields, `depth` times.
async_generator<int> nested(int depth) {
    if (depth == 0) {
        co_await suspend_always();
        co_yield 1;
        co_await suspend_always();
        co_yield 2;
        co_return;
    }
    auto inner = nested(depth - 1);
    while (const auto i = co_await inner.next()) co_yield *i;
}

TEST(async_generator, a_thousand_within_each_other_hand_each_element_on) {
    const auto main = []() -> task<> {
        auto g = nested(1000);
        EXPECT_EQ(co_await g.next(), 1);
        EXPECT_EQ(g.frames().size(), 1u) << "each of them stands at its co_yield";
        EXPECT_EQ(co_await g.next(), 2);
        EXPECT_FALSE(co_await g.next());
    };
    EXPECT_EQ(suspensions(main()), 2);
}

TEST(async_generator, a_thousand_within_each_other_are_destroyed_half_way) {
    auto g = nested(1000);
    const auto reads = [&]() -> task<> {
        while (co_await g.next()) co_await suspend_always();
    };
    for (const int steps : {1, 2, 3}) {
        g = nested(1000);
        auto reading = reads();
        for (int i = 0; i < steps; ++i) EXPECT_FALSE(reading.step());
        EXPECT_EQ(g.frames().size(), steps == 2 ? 1u : 1001u);
        g = {};
    }
}

}  // namespace
