// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/coro/generator.hpp>
#include <weft/coro/task.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <exception>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <variant>

// What CPython's test_asyncgen asserts of athrow and aclose, and needs no loop; docs/parity-generators.md lists all of it.

namespace {

using std::suspend_always;
using weft::async_generator;
using weft::generator;
using weft::generator_state;
using weft::task;

int suspensions(task<> t) {
    int count = 0;
    while (!t.step()) ++count;
    return count;
}

// raise

TEST(async_generator_parity_raise, gives_what_the_body_yields_next_and_it_goes_on) {
    const auto body = []() -> async_generator<int> {
        co_yield 1;
        bool caught = false;
        try {
            co_yield 2;
            co_yield 3;
        } catch (const std::domain_error&) {
            caught = true;
        }
        co_await suspend_always();
        if (caught) co_yield 1000;
        co_await suspend_always();
        co_yield 4;
    };
    const auto main = [&](bool raise) -> task<> {
        auto g = body();
        EXPECT_EQ(co_await g.next(), 1);
        EXPECT_EQ(co_await g.next(), 2);
        if (raise) {
            EXPECT_EQ(co_await g.raise(std::domain_error("division by zero")), 1000);
        } else {
            EXPECT_EQ(co_await g.next(), 3);
        }
        EXPECT_EQ(co_await g.next(), 4);
        EXPECT_FALSE(co_await g.next());
        EXPECT_FALSE(co_await g.next());
    };
    EXPECT_EQ(suspensions(main(true)), 2);
    EXPECT_EQ(suspensions(main(false)), 2);
}

TEST(async_generator_parity_raise, may_be_answered_by_tuples_and_exception_objects_as_elements) {
    using element = std::variant<std::tuple<int>, std::runtime_error>;
    const auto body = [](element first, element answer) -> async_generator<element> {
        bool caught = false;
        try {
            co_yield first;
        } catch (const std::domain_error&) {
            caught = true;
        }
        if (caught) co_yield answer;
    };
    const auto main = [&]() -> task<> {
        auto tuples = body(std::tuple(1), std::tuple(2));
        EXPECT_EQ(std::get<0>(*co_await tuples.next()), std::tuple(1));
        EXPECT_EQ(std::get<0>(*co_await tuples.raise(std::domain_error(""))), std::tuple(2));
        EXPECT_FALSE(co_await tuples.next());
        auto errors = body(std::runtime_error("an element"), std::runtime_error("another"));
        EXPECT_STREQ(std::get<1>(*co_await errors.next()).what(), "an element");
        EXPECT_STREQ(std::get<1>(*co_await errors.raise(std::domain_error(""))).what(), "another");
        EXPECT_FALSE(co_await errors.next());
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator_parity_raise, of_an_exit_comes_out_as_from_a_generator) {
    const auto body = []() -> generator<int> {
        co_yield 10;
        co_yield 20;
    };
    auto sync = body();
    sync.next();
    EXPECT_THROW(sync.raise(weft::generator_exit()), weft::generator_exit);
    const auto async_body = []() -> async_generator<int> {
        co_yield 10;
        co_yield 20;
    };
    const auto main = [&]() -> task<> {
        auto g = async_body();
        co_await g.next();
        EXPECT_THROW(co_await g.raise(weft::generator_exit()), weft::generator_exit);
        EXPECT_FALSE(co_await g.next());
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator_parity_raise, a_body_that_caught_it_may_await_and_yield_and_its_clean_up_await) {
    bool clean = false;
    const auto body = [](bool& c) -> async_generator<int, int> {
        co_await suspend_always();
        int v = 0;
        bool caught = false;
        try {
            v = co_yield 1;
        } catch (const std::domain_error&) {
            caught = true;
        }
        if (caught) {
            v = 1000;
            co_await suspend_always();
        }
        co_yield v * 2;
        co_await suspend_always();
        c = true;
    };
    const auto main = [&]() -> task<> {
        auto g = body(clean);
        EXPECT_EQ(co_await g.next(), 1);
        EXPECT_EQ(co_await g.raise(std::domain_error("")), 2000);
        EXPECT_FALSE(clean);
        EXPECT_FALSE(co_await g.next());
        EXPECT_TRUE(clean);
    };
    EXPECT_EQ(suspensions(main()), 3);
}

// A body that catches whatever comes, and ends

async_generator<int> catches_all(bool& ended, bool yields_again) {
    try {
        co_yield 1;
    } catch (...) {
    }
    if (yields_again) co_yield 2;
    ended = true;
}

TEST(async_generator_parity_raise, a_body_that_catches_everything_ends_by_itself_and_after_a_raise) {
    const auto main = []() -> task<> {
        bool ended = false;
        auto iterated = catches_all(ended, false);
        co_await iterated.next();
        EXPECT_FALSE(co_await iterated.next()) << "the end is no exception that it could catch";
        EXPECT_TRUE(std::exchange(ended, false));
        auto raised = catches_all(ended, false);
        co_await raised.next();
        EXPECT_FALSE(co_await raised.raise(std::runtime_error("caught")));
        EXPECT_TRUE(ended);
        EXPECT_FALSE(co_await raised.raise(std::runtime_error("of no consequence"))) << "it has finished";
    };
    EXPECT_EQ(suspensions(main()), 0);
}

// close

TEST(async_generator_parity_close, ends_a_body_that_catches_everything) {
    const auto main = []() -> task<> {
        bool ended = false;
        auto g = catches_all(ended, false);
        co_await g.next();
        co_await g.close();
        EXPECT_TRUE(ended);
        EXPECT_TRUE(g.done());
    };
    EXPECT_EQ(suspensions(main()), 0);
}

TEST(async_generator_parity_close, says_that_a_body_yielded_again_also_after_awaiting) {
    bool ended = false;
    const auto yields_at_once = [&]() -> task<> {
        auto g = catches_all(ended, true);
        co_await g.next();
        try {
            co_await g.close();
            ADD_FAILURE() << "it was closed";
        } catch (const weft::generator_ignored_exit& e) {
            EXPECT_STREQ(e.what(), "async generator ignored generator_exit");
        }
        EXPECT_FALSE(ended);
        EXPECT_EQ(g.state(), generator_state::suspended);
    };
    EXPECT_EQ(suspensions(yields_at_once()), 0);
    const auto body = []() -> async_generator<int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
        }
        co_await suspend_always();
        co_yield 12;
    };
    const auto yields_later = [&]() -> task<> {
        auto g = body();
        co_await g.next();
        EXPECT_THROW(co_await g.close(), weft::generator_ignored_exit);
    };
    EXPECT_EQ(suspensions(yields_later()), 1);
}

TEST(async_generator_parity_close, that_was_ignored_leaves_it_open_to_raise_and_close) {
    const auto body = []() -> async_generator<int> {
        for (int i = 0;; ++i) {
            try {
                co_yield i;
            } catch (const weft::generator_exit&) {
                if (i >= 4) throw;
            } catch (const std::runtime_error&) {
                i += 10;
            }
        }
    };
    const auto main = [&](bool raise) -> task<> {
        auto g = body();
        EXPECT_EQ(co_await g.next(), 0);
        EXPECT_THROW(co_await g.close(), weft::generator_ignored_exit);
        EXPECT_THROW(co_await g.close(), weft::generator_ignored_exit) << "it was asked again";
        EXPECT_EQ(g.state(), generator_state::suspended);
        EXPECT_EQ(co_await g.next(), 3);
        if (raise) {
            EXPECT_EQ(co_await g.raise(std::runtime_error("caught")), 14);
        } else {
            EXPECT_EQ(co_await g.next(), 4);
        }
        co_await g.close();
        EXPECT_TRUE(g.done());
        EXPECT_FALSE(co_await g.next());
    };
    EXPECT_EQ(suspensions(main(true)), 0);
    EXPECT_EQ(suspensions(main(false)), 0);
}

TEST(async_generator_parity_close, waits_for_clean_up_that_awaits_and_runs_nothing_else) {
    int done = 0;
    const auto body = [](int& d) -> async_generator<int> {
        std::exception_ptr exit;
        try {
            co_yield 1;
            co_await suspend_always();
            d += 1000;
            co_yield 2;
        } catch (...) {
            exit = std::current_exception();
        }
        co_await suspend_always();
        co_await suspend_always();
        d += 1;
        if (exit) std::rethrow_exception(exit);
        d += 1000;
    };
    const auto main = [&]() -> task<> {
        auto g = body(done);
        EXPECT_EQ(co_await g.next(), 1);
        co_await g.close();
        EXPECT_EQ(done, 1);
    };
    EXPECT_EQ(suspensions(main()), 2);
}

TEST(async_generator_parity_close, twice_before_the_beginning_and_after_the_end_does_nothing) {
    const auto main = []() -> task<> {
        bool ended = false;
        auto created = catches_all(ended, false);
        co_await created.close();
        co_await created.close();
        EXPECT_FALSE(ended) << "it never ran";
        EXPECT_FALSE(co_await created.next());
        auto finished = catches_all(ended, false);
        while (co_await finished.next()) {
        }
        co_await finished.close();
    };
    EXPECT_EQ(suspensions(main()), 0);
}

}  // namespace
