// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/awaitable.hpp>
#include <weft/coro/promise_base.hpp>
#include <weft/coro/task.hpp>
#include <weft/coro/traceback.hpp>

#include <gtest/gtest.h>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

// What CPython's test_coroutines asserts and no other test here does; docs/parity-generators.md lists all of it.

namespace {

using weft::task;

task<int> number(int i) { co_return i; }

TEST(task_parity, cannot_be_copied) {
    EXPECT_FALSE(std::copy_constructible<task<int>>);
    EXPECT_FALSE((std::assignable_from<task<int>&, const task<int>&>));
}

TEST(task_parity, is_no_range) { EXPECT_FALSE(std::ranges::range<task<int>>); }

TEST(task_parity, a_result_may_be_a_tuple_or_an_exception_object_and_is_not_thrown) {
    auto tuple = []() -> task<std::tuple<int>> { co_return 10; }();
    EXPECT_EQ(tuple.step(), std::tuple(10));
    const auto error = []() -> task<std::runtime_error> { co_return std::runtime_error("a value as any other"); };
    const auto awaits = [&]() -> task<std::string> { co_return (co_await error()).what(); };
    EXPECT_EQ(awaits().step(), "a value as any other");
}

TEST(task_parity, an_await_is_an_operand_like_any_other) {
    const auto body = []() -> task<int> {
        const auto makes = [] { return number; };
        struct {
            task<int> (*member)(int) = number;
        } object;
        co_return co_await number(42) + co_await makes()(42) + co_await object.member(42) + co_await number(42) * 1000;
    };
    auto sum = body();
    EXPECT_EQ(sum.step(), 42'126);
    auto negated = []() -> task<int> { co_return -co_await number(42); }();
    EXPECT_EQ(negated.step(), -42);
    const auto same = [](int i) { return i; };
    const auto argument = [&]() -> task<int> { co_return same(co_await number(7)); };
    EXPECT_EQ(argument().step(), 7);
    auto pair = []() -> task<std::pair<int, std::string>> { co_return std::pair(co_await number(7), "ham"); }();
    EXPECT_EQ(pair.step(), std::pair(7, std::string("ham")));
}

TEST(task_parity, a_task_may_give_a_task_to_be_awaited) {
    const auto gives = []() -> task<task<int>> { co_return number(42); };
    const auto body = [&]() -> task<int> { co_return co_await (co_await gives()); };
    EXPECT_EQ(body().step(), 42);
}

// What may be awaited

struct gives_a_task {
    task<int> operator co_await() const { return number(1); }
};
struct gives_itself {
    gives_itself& operator co_await() { return *this; }
};

TEST(task_parity, what_gives_a_task_or_itself_to_co_await_is_not_awaitable) {
    EXPECT_FALSE(weft::awaitable<gives_a_task>);
    EXPECT_FALSE(weft::awaitable<gives_itself>);
}

/// Suspends once; then throws or gives a number.
struct future_like {
    bool fails;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<>) const {}
    int await_resume() const {
        if (fails) throw std::logic_error("from the bottom");
        return 5;
    }
};
class wrapper {
public:
    explicit wrapper(task<int> t) : wrapped_(std::move(t)) {}
    auto operator co_await() { return std::move(wrapped_).operator co_await(); }

private:
    task<int> wrapped_;
};
task<int> innermost(bool fails) {
    try {
        co_return co_await future_like{fails};
    } catch (const std::logic_error&) {
        throw std::runtime_error("translated");
    }
}

TEST(task_parity, what_gives_a_tasks_awaiter_is_awaited_as_the_task_is) {
    const auto outer = [](bool fails) -> task<int> { co_return co_await wrapper(innermost(fails)); };
    auto t = outer(false);
    EXPECT_FALSE(t.step());
    EXPECT_EQ(t.step(), 5);
    auto failing = outer(true);
    EXPECT_FALSE(failing.step());
    EXPECT_THROW((void)failing.step(), std::runtime_error);
}

// The chain of awaits

/// The length of the chain that awaits it.
struct chain_length : weft::native_awaiter {
    std::size_t length = 0;
    bool await_ready() const { return false; }
    template <class P>
    bool await_suspend(std::coroutine_handle<P> h) {
        weft::promise_base* p = &h.promise();
        while (p->awaiter()) p = p->awaiter();
        length = weft::await_chain(p).size();
        return false;
    }
    std::size_t await_resume() const { return length; }
};

TEST(task_parity, the_chain_is_as_long_after_an_exception_was_caught_in_it) {
    using lengths = std::pair<std::size_t, std::size_t>;
    struct chain {
        static task<lengths> c() {
            const std::size_t before = co_await chain_length();
            try {
                co_await future_like{.fails = true};
            } catch (const std::logic_error&) {
            }
            co_return lengths(before, co_await chain_length());
        }
        static task<lengths> b() { co_return co_await c(); }
        static task<lengths> a() { co_return co_await b(); }
    };
    auto t = chain::a();
    EXPECT_FALSE(t.step());
    EXPECT_EQ(t.step(), lengths(3, 3));
}

TEST(task_parity, while_it_is_awaited_the_awaiting_one_runs_and_then_is_suspended_at_the_innermost_await) {
    struct chain {
        static task<> innermost(const task<>& outer) {
            EXPECT_EQ(outer.state(), weft::coroutine_state::running);
            co_await std::suspend_always();
            EXPECT_EQ(outer.state(), weft::coroutine_state::running);
        }
        static task<> middle(const task<>& outer) { co_await innermost(outer); }
        static task<> outermost(const task<>& self) { co_await middle(self); }
    };
    task<> t;
    t = chain::outermost(t);
    EXPECT_EQ(t.state(), weft::coroutine_state::created);
    EXPECT_FALSE(t.step());
    EXPECT_EQ(t.state(), weft::coroutine_state::suspended);
    EXPECT_TRUE(t.step());
    EXPECT_EQ(t.state(), weft::coroutine_state::closed);
}

}  // namespace
