// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/coro/generator.hpp>
#include <weft/coro/task.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// What CPython's test_asyncgen asserts and needs no loop; docs/parity-generators.md lists all of it. A task that iterates is
// stepped by hand, and so it is seen to suspend where the generator's body does.

namespace {

using std::suspend_always;
using weft::async_generator;
using weft::generator;
using weft::generator_state;
using weft::task;
using numbers = std::vector<int>;

/// Steps to the end. @return how often it was suspended
int suspensions(task<> t) {
    int count = 0;
    while (!t.step()) ++count;
    return count;
}
template <class T>
task<std::vector<T>> all_of(async_generator<T> g) {
    std::vector<T> all;
    while (auto element = co_await g.next()) all.push_back(*element);
    co_return all;
}

/// Suspends once, and then fails.
struct failing_await {
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<>) const {}
    void await_resume() const { throw std::runtime_error("the await failed"); }
};

// Iteration

async_generator<int> awaits_everywhere() {
    co_await suspend_always();
    co_yield 123;
    co_await suspend_always();
    co_yield 456;
    co_await suspend_always();
    co_yield 789;
    co_await suspend_always();
}

TEST(async_generator_parity, each_await_between_elements_suspends_who_iterates) {
    const auto main = []() -> task<> { EXPECT_EQ(co_await all_of(awaits_everywhere()), (numbers{123, 456, 789})); };
    EXPECT_EQ(suspensions(main()), 4);
}

TEST(async_generator_parity, after_its_end_there_is_nothing_for_ever_and_a_default_may_take_its_place) {
    const auto body = []() -> async_generator<int> {
        co_yield 1;
        co_yield 2;
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        EXPECT_EQ((co_await g.next()).value_or(100), 1);
        EXPECT_EQ(co_await g.next(), 2);
        EXPECT_EQ((co_await g.next()).value_or(100), 100);
        EXPECT_FALSE(co_await g.next());
        EXPECT_FALSE(co_await g.next());
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator_parity, a_loop_may_skip_elements_and_stop) {
    const auto body = []() -> async_generator<std::pair<int, int>> {
        for (int i = 1; i <= 100; ++i) {
            if (i % 10 == 0) co_await suspend_always();
            co_yield {i, i};
        }
    };
    const auto main = [&](numbers& sums, int skip_until, int stop_at) -> task<> {
        auto g = body();
        while (const auto element = co_await g.next()) {
            const auto [a, b] = *element;
            if (a <= skip_until) continue;
            sums.push_back(a + b);
            if (a == stop_at) break;
        }
    };
    numbers whole, part;
    EXPECT_EQ(suspensions(main(whole, 0, -1)), 10);
    EXPECT_EQ(whole.size(), 100u);
    EXPECT_EQ(whole.back(), 200);
    EXPECT_EQ(suspensions(main(part, 18, 20)), 2);
    EXPECT_EQ(part, (numbers{38, 40}));
}

TEST(async_generator_parity, one_may_iterate_over_another_and_await_for_each_element) {
    const auto is_odd = [](int i) -> task<bool> {
        co_await suspend_always();
        co_return i % 2 != 0;
    };
    const auto chosen = [&](async_generator<int> source) -> async_generator<int> {
        while (const auto i = co_await source.next()) {
            if (co_await is_odd(*i)) co_yield 2 * *i;
        }
    };
    const auto main = [&]() -> task<> {
        EXPECT_EQ(co_await all_of(chosen(awaits_everywhere())), (numbers{246, 1578}));
    };
    EXPECT_EQ(suspensions(main()), 4 + 3);
}

class has_elements {
public:
    async_generator<int> elements() const {
        for (const int i : elements_) {
            co_await suspend_always();
            co_yield i;
        }
    }

private:
    numbers elements_{1, 2};
};

TEST(async_generator_parity, may_be_a_member_function) {
    const auto main = []() -> task<> {
        const has_elements object;
        EXPECT_EQ(co_await all_of(object.elements()), (numbers{1, 2}));
    };
    EXPECT_EQ(suspensions(main()), 2);
}

TEST(async_generator_parity, says_where_it_stands) {
    const auto body = [](const async_generator<int>*& me) -> async_generator<int> {
        EXPECT_EQ(me->state(), generator_state::running);
        co_await suspend_always();
        co_yield 1;
    };
    const async_generator<int>* self = nullptr;
    const auto main = [&]() -> task<> {
        auto mine = body(self);
        self = &mine;
        EXPECT_EQ(mine.state(), generator_state::created);
        EXPECT_EQ(weft::frames(mine).size(), 1u) << "it has no caller";
        co_await mine.next();
        EXPECT_EQ(mine.state(), generator_state::suspended);
        EXPECT_FALSE(mine.done());
        EXPECT_FALSE(co_await mine.next());
        EXPECT_EQ(mine.state(), generator_state::closed);
        EXPECT_TRUE(mine.done());
    };
    auto running = main();
    EXPECT_FALSE(running.step());
    EXPECT_EQ(self->state(), generator_state::running) << "it waits at a co_await";
    EXPECT_TRUE(running.step());
}

TEST(async_generator_parity, an_operation_is_awaited_once) {
    const auto main = []() -> task<> {
        auto g = awaits_everywhere();
        auto next = g.next();
        EXPECT_EQ(co_await next, 123);
        EXPECT_THROW(co_await next, weft::invalid_state_error);
        auto close = g.close();
        co_await close;
        EXPECT_THROW(co_await close, weft::invalid_state_error);
        EXPECT_THROW(co_await next, weft::invalid_state_error);
    };
    EXPECT_EQ(suspensions(main()), 1);
}

// Errors

TEST(async_generator_parity, an_exception_at_an_await_of_the_body_comes_out) {
    const auto body = []() -> async_generator<int> {
        co_await suspend_always();
        co_yield 123;
        co_await failing_await();
        co_yield 456;
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        EXPECT_EQ(co_await g.next(), 123);
        EXPECT_THROW(co_await g.next(), std::runtime_error);
        EXPECT_FALSE(co_await g.next());
    };
    EXPECT_EQ(suspensions(main()), 2);
}

TEST(async_generator_parity, an_exception_of_the_loops_own_leaves_it_suspended) {
    const auto main = []() -> task<> {
        auto g = awaits_everywhere();
        const auto loop = [](async_generator<int>& all) -> task<> {
            while (co_await all.next()) throw std::runtime_error("the loop's own");
        };
        EXPECT_THROW(co_await loop(g), std::runtime_error);
        EXPECT_EQ(g.state(), generator_state::suspended);
        EXPECT_EQ(co_await g.next(), 456);
    };
    EXPECT_EQ(suspensions(main()), 2);
}

/// Where a body with `try`, `finally` and yields in both fails. What C++ may not yield in, is left first.
enum class fails { in_try, in_finally };

generator<int> tries(fails where) {
    std::exception_ptr error;
    try {
        co_yield 1;
        if (where == fails::in_try) throw std::runtime_error("in try");
    } catch (...) {
        error = std::current_exception();
    }
    co_yield 2;
    if (where == fails::in_finally) throw std::runtime_error("in finally");
    co_yield 3;
    if (error) std::rethrow_exception(error);
    co_yield 100;
}
async_generator<int> tries_and_awaits(fails where) {
    std::exception_ptr error;
    try {
        co_await suspend_always();
        co_yield 1;
        if (where == fails::in_try) throw std::runtime_error("in try");
        co_await suspend_always();
    } catch (...) {
        error = std::current_exception();
    }
    co_await suspend_always();
    co_yield 2;
    if (where == fails::in_finally) throw std::runtime_error("in finally");
    co_await suspend_always();
    co_yield 3;
    if (error) std::rethrow_exception(error);
    co_yield 100;
}

TEST(async_generator_parity, the_same_body_gives_the_same_elements_and_errors_as_a_generator) {
    for (const fails where : {fails::in_try, fails::in_finally}) {
        std::vector<std::string> expected, events;
        for (auto g = tries(where); expected.empty() || expected.back() != "end";) {
            try {
                const auto i = g.next();
                expected.push_back(i ? std::to_string(*i) : "end");
            } catch (const std::runtime_error& e) {
                expected.emplace_back(e.what());
            }
        }
        const auto main = [&]() -> task<> {
            for (auto g = tries_and_awaits(where); events.empty() || events.back() != "end";) {
                try {
                    const auto i = co_await g.next();
                    events.push_back(i ? std::to_string(*i) : "end");
                } catch (const std::runtime_error& e) {
                    events.emplace_back(e.what());
                }
            }
        };
        EXPECT_GT(suspensions(main()), 1);
        EXPECT_EQ(events, expected);
    }
}

// send

TEST(async_generator_parity, send_gives_each_value_at_the_co_yield_where_it_stands) {
    const auto body = []() -> async_generator<int, int> {
        int v = co_yield 1;
        v = co_yield v;
        co_yield v * 100;
    };
    const auto main = [&]() -> task<> {
        auto g = body();
        EXPECT_EQ(co_await g.next(), 1);
        EXPECT_EQ(co_await g.send(10), 10);
        EXPECT_EQ(co_await g.send(12), 1200);
        EXPECT_FALSE(co_await g.send(0));
        EXPECT_FALSE(co_await g.send(0));
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator_parity, send_to_one_that_has_not_started_is_refused_and_harms_nothing) {
    const auto body = []() -> async_generator<int, int> { co_yield co_yield 1; };
    const auto main = [&]() -> task<> {
        auto g = body();
        EXPECT_THROW(co_await g.send(100), weft::generator_not_started);
        EXPECT_EQ(co_await g.next(), 1);
        EXPECT_EQ(co_await g.send(2), 2);
    };
    EXPECT_EQ(suspensions(main()), 0);
}

/// Awaits everywhere, in its clean-up as well.
async_generator<int, int> doubles(bool& clean, bool await_fails) {
    std::exception_ptr error;
    try {
        co_await suspend_always();
        const int v = co_yield 1;
        if (await_fails) co_await failing_await();
        co_await suspend_always();
        co_yield 2 * v;
        co_await suspend_always();
    } catch (...) {
        error = std::current_exception();
    }
    co_await suspend_always();
    co_await suspend_always();
    clean = true;
    if (error) std::rethrow_exception(error);
}

TEST(async_generator_parity, clean_up_that_awaits_completes_at_the_end_and_after_a_failed_await) {
    bool clean = false;
    const auto main = [&](bool await_fails) -> task<> {
        auto g = doubles(clean, await_fails);
        EXPECT_EQ(co_await g.next(), 1);
        if (await_fails) {
            EXPECT_THROW(co_await g.send(100), std::runtime_error);
        } else {
            EXPECT_EQ(co_await g.send(100), 200);
            EXPECT_FALSE(co_await g.next());
        }
        EXPECT_TRUE(clean);
    };
    EXPECT_EQ(suspensions(main(false)), 5);
    clean = false;
    EXPECT_EQ(suspensions(main(true)), 4);
}

}  // namespace
