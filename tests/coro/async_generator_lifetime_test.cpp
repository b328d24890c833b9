// SPDX-License-Identifier: Apache-2.0
#include "live_object.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/coro/task.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

// What an async generator holds goes exactly once, wherever it is when it goes.

namespace {

using std::suspend_always;
using weft::async_generator;
using weft::task;

class async_generator_lifetime : public ::testing::Test {
protected:
    async_generator_lifetime() { live_object::reset(); }
    ~async_generator_lifetime() override { EXPECT_EQ(live_object::count, 0) << "something was leaked or went twice"; }
};

void run(task<> t) {
    while (!t.step()) {
    }
}

/// Holds one object, and makes another one for each element.
async_generator<live_object> objects(int n) {
    const live_object local(100);
    for (int i = 0; i < n; ++i) {
        co_await suspend_always();
        co_yield live_object(i);
    }
}
async_generator<live_object> handed_on(int depth, int n) {
    auto source = depth == 0 ? objects(n) : handed_on(depth - 1, n);
    while (auto element = co_await source.next()) co_yield std::move(*element);
}
task<> reads(async_generator<live_object>& g) {
    while (co_await g.next()) {
    }
}

TEST_F(async_generator_lifetime, an_element_that_was_taken_goes_with_who_took_it) {
    const auto main = []() -> task<> {
        auto g = objects(2);
        auto first = co_await g.next();
        EXPECT_EQ(live_object::count, 4) << "taken, left in the generator and in its co_yield, and its local one";
        EXPECT_EQ((co_await g.next())->value, 1);
        g = {};
        EXPECT_EQ(live_object::count, 1);
        EXPECT_EQ(first->value, 0);
    };
    run(main());
    EXPECT_EQ(live_object::copies, 0);
}

TEST_F(async_generator_lifetime, never_begun_its_arguments_go) {
    const auto body = [](live_object object) -> async_generator<int> { co_yield object.value; };
    {
        auto g = body(live_object(1));
        EXPECT_EQ(live_object::count, 1);
    }
    EXPECT_EQ(live_object::count, 0);
}

TEST_F(async_generator_lifetime, abandoned_at_any_element_everything_goes) {
    const auto main = [](int elements, int depth) -> task<> {
        auto g = handed_on(depth, 3);
        for (int i = 0; i < elements; ++i) co_await g.next();
    };
    for (int elements = 0; elements < 5; ++elements) {
        for (const int depth : {0, 3}) {
            run(main(elements, depth));
            EXPECT_EQ(live_object::count, 0);
        }
    }
}

TEST_F(async_generator_lifetime, closed_or_raised_into_at_any_element_everything_goes) {
    const auto main = [](int elements, bool close) -> task<> {
        auto g = handed_on(2, 3);
        for (int i = 0; i < elements; ++i) co_await g.next();
        if (close) {
            co_await g.close();
        } else {
            try {
                co_await g.raise(std::runtime_error("enough"));
            } catch (const std::runtime_error&) {
            }
        }
        EXPECT_TRUE(g.done());
    };
    for (int elements = 0; elements < 5; ++elements) {
        run(main(elements, true));
        run(main(elements, false));
    }
}

TEST_F(async_generator_lifetime, destroyed_while_it_waits_everything_goes_and_the_operation_ends_with_an_error) {
    auto g = handed_on(3, 3);
    auto reading = reads(g);
    EXPECT_FALSE(reading.step());
    EXPECT_FALSE(reading.step());
    EXPECT_GT(live_object::count, 0);
    g = {};
    EXPECT_EQ(live_object::count, 0);
    EXPECT_THROW(reading.step(), weft::invalid_state_error);
}

TEST_F(async_generator_lifetime, who_reads_it_destroyed_while_it_waits_it_goes_with_its_owner) {
    for (const bool reader_first : {true, false}) {
        std::optional<async_generator<live_object>> g = handed_on(3, 3);
        std::optional<task<>> reading = reads(*g);
        EXPECT_FALSE(reading->step());
        if (reader_first) {
            reading.reset();
            g.reset();
        } else {
            g.reset();
            reading.reset();
        }
        EXPECT_EQ(live_object::count, 0);
    }
}

TEST_F(async_generator_lifetime, what_is_sent_and_never_arrives_goes) {
    const auto body = []() -> async_generator<int, std::optional<live_object>> {
        co_yield 0;
        co_await suspend_always();
        co_yield 1;
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        EXPECT_THROW(co_await g.send(live_object(1)), weft::generator_not_started);
        co_await g.close();
        EXPECT_FALSE(co_await g.send(live_object(2))) << "it has ended";
    };
    run(main());
}

TEST_F(async_generator_lifetime, what_is_raised_and_never_arrives_goes) {
    const auto main = []() -> task<> {
        auto g = objects(1);
        {
            const auto unawaited = g.raise(live_object(1));
            EXPECT_EQ(live_object::count, 1);
        }
        EXPECT_EQ(live_object::count, 0);
        auto moved = [](auto operation) -> task<> { co_await std::move(operation); };
        auto kept = moved(g.raise(live_object(2)));
        g = {};
        EXPECT_THROW(co_await std::move(kept), weft::invalid_state_error);
    };
    run(main());
}

TEST_F(async_generator_lifetime, an_exception_object_goes_when_it_was_caught) {
    const auto body = []() -> async_generator<int> {
        try {
            co_yield 1;
        } catch (const live_object&) {
        }
        co_await suspend_always();
        throw live_object(2);
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        co_await g.next();
        EXPECT_THROW(co_await g.raise(live_object(1)), live_object);
        EXPECT_EQ(live_object::count, 0);
    };
    run(main());
}

TEST_F(async_generator_lifetime, a_move_that_throws_at_any_time_leaks_nothing) {
    const auto main = [](int at) -> task<> {
        auto g = handed_on(1, 2);
        live_object::moves_until_failure = at;
        for (int i = 0; i < 3; ++i) {
            try {
                co_await g.next();
            } catch (const std::runtime_error&) {
            }
        }
        live_object::moves_until_failure = -1;
    };
    for (int at = 0; at < 12; ++at) {
        run(main(at));
        EXPECT_EQ(live_object::count, 0) << at;
    }
}

TEST_F(async_generator_lifetime, may_be_destroyed_by_another_ones_body) {
    std::optional<async_generator<live_object>> victim = objects(2);
    const auto body = [&]() -> async_generator<int> {
        co_await victim->next();
        co_yield 1;
        victim.reset();
        co_yield 2;
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        co_await g.next();
        EXPECT_EQ(co_await g.next(), 2);
    };
    run(main());
}

// Operations that have a name

TEST_F(async_generator_lifetime, an_operation_that_outlives_it_ends_with_an_error) {
    const auto body = []() -> async_generator<live_object, std::optional<int>> { co_yield live_object(1); };
    const auto main = [&]() -> task<> {
        auto g = body();
        auto next = g.next();
        auto sending = g.send(1);
        auto raising = g.raise(std::runtime_error("late"));
        auto closing = g.close();
        const auto never_awaited = g.next();
        g = {};
        EXPECT_EQ(live_object::count, 0);
        EXPECT_THROW(co_await next, weft::invalid_state_error);
        EXPECT_THROW(co_await sending, weft::invalid_state_error);
        EXPECT_THROW(co_await raising, weft::invalid_state_error);
        co_await closing;  // which it is
    };
    run(main());
}

TEST_F(async_generator_lifetime, an_operation_that_has_ended_may_outlive_it) {
    const auto main = []() -> task<> {
        auto g = objects(3);
        auto next = g.next();
        EXPECT_TRUE(co_await next);
        auto closing = g.close();
        co_await closing;
        auto at_the_end = g.next();
        EXPECT_FALSE(co_await at_the_end);
        g = {};
    };
    run(main());
}

TEST_F(async_generator_lifetime, an_operation_that_was_moved_from_is_not_awaited) {
    const auto main = []() -> task<> {
        auto g = objects(3);
        auto next = g.next();
        auto moved = std::move(next);
        EXPECT_THROW(co_await next, weft::invalid_state_error);  // NOLINT(bugprone-use-after-move)
        EXPECT_EQ((co_await moved)->value, 0);
        auto raising = g.raise(std::runtime_error("once"));
        auto also_moved = std::move(raising);
        EXPECT_THROW(co_await raising, weft::invalid_state_error);  // NOLINT(bugprone-use-after-move)
        EXPECT_THROW(co_await also_moved, std::runtime_error);
        auto again = std::move(also_moved);
        EXPECT_THROW(co_await again, weft::invalid_state_error) << "it was awaited before";
    };
    run(main());
}

// Looked at by a destructor in its own frame

struct looks_at_its_end {
    async_generator<int>& known;
    bool& found_closed;
    ~looks_at_its_end() {
        found_closed = known.done() && known.state() == weft::generator_state::closed && known.frames().empty();
        auto entering = [](async_generator<int>& g) -> task<> { EXPECT_FALSE(co_await g.next()); };
        auto enters = entering(known);
        enters.step();
    }
};

TEST_F(async_generator_lifetime, while_it_is_destroyed_it_has_no_body_any_more) {
    const auto body = [](async_generator<int>& self, bool& found) -> async_generator<int> {
        const looks_at_its_end l(self, found);
        co_yield 1;
        co_await suspend_always();
    };
    const auto main = [](async_generator<int>& g) -> task<> {
        while (co_await g.next()) {
        }
    };
    bool found = false;
    {
        async_generator<int> g;
        g = body(g, found);
        auto t = main(g);
        EXPECT_FALSE(t.step()) << "it waits";
        g = {};
        EXPECT_THROW(t.step(), weft::invalid_state_error);
    }
    EXPECT_TRUE(found);
    found = false;
    const auto once = [&]() -> task<> {
        async_generator<int> g;
        g = body(g, found);
        EXPECT_EQ(co_await g.next(), 1);
    };
    run(once());
    EXPECT_TRUE(found);
}

// Misuse

TEST(async_generator_destroyed_death_test, by_its_own_body_ends_the_program_with_a_message) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto destroys_itself = [] {
        auto g = std::make_unique<async_generator<int>>();
        const auto body = [](std::unique_ptr<async_generator<int>>& me) -> async_generator<int> {
            me.reset();
            co_yield 1;
        };
        *g = body(g);
        const auto main = [&]() -> task<> { co_await g->next(); };
        run(main());
    };
    EXPECT_DEATH(destroys_itself(),
                 "weft: an async generator is destroyed while it runs, by its own body or by what that calls");
}

}  // namespace
