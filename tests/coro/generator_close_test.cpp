// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// close(), and going without it.

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

generator<int> careful(log_t& log) {
    const finally f(log, "finally");
    try {
        co_yield 1;
        co_yield 2;
    } catch (const weft::generator_exit&) {
        log.push_back("exit");
        throw;
    }
}

TEST(generator_close, raises_generator_exit_at_the_co_yield_and_swallows_it) {
    log_t log;
    auto g = careful(log);
    g.next();
    g.close();
    EXPECT_EQ(log, (log_t{"exit", "finally"}));
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
}

TEST(generator_close, one_that_has_not_started_never_does) {
    log_t log;
    auto g = careful(log);
    g.close();
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_FALSE(g.next());
    EXPECT_TRUE(log.empty());
}

TEST(generator_close, a_finished_one_does_nothing) {
    log_t log;
    auto g = careful(log);
    while (g.next()) {
    }
    log.clear();
    g.close();
    g.close();
    EXPECT_TRUE(log.empty());
}

TEST(generator_close, gives_what_the_body_returns_on_its_way_out) {
    const auto body = []() -> generator<int, void, std::string> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
            co_return "on the way out";
        }
        co_return "at the end";
    };
    auto g = body();
    g.next();
    EXPECT_EQ(g.close(), "on the way out");
    EXPECT_EQ(g.close(), std::nullopt) << "it is given once";
    EXPECT_THROW((void)g.result(), weft::invalid_state_error);

    auto finished = body();
    while (finished.next()) {
    }
    EXPECT_EQ(finished.close(), std::nullopt) << "it returned before";
    EXPECT_EQ(finished.result(), "at the end");
    EXPECT_EQ(body().close(), std::nullopt);
}

TEST(generator_close, gives_nothing_if_the_exit_passes) {
    const auto body = []() -> generator<int, void, int> {
        co_yield 1;
        co_return 2;
    };
    auto g = body();
    g.next();
    EXPECT_EQ(g.close(), std::nullopt);
    EXPECT_THROW((void)g.result(), weft::invalid_state_error);
}

TEST(generator_close, gives_move_only_results_and_references_as_pointers) {
    int n = 0;
    const auto reference = [](int& i) -> generator<int, void, int&> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
        }
        co_return i;
    };
    auto r = reference(n);
    r.next();
    EXPECT_EQ(r.close(), &n);
    EXPECT_EQ(r.close(), nullptr);

    const auto move_only = []() -> generator<int, void, std::unique_ptr<int>> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
        }
        co_return std::make_unique<int>(3);
    };
    auto m = move_only();
    m.next();
    EXPECT_EQ(**m.close(), 3);
}

TEST(generator_close, throws_what_else_comes_out_of_the_body) {
    const auto body = []() -> generator<int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
            throw std::runtime_error("the clean-up failed");
        }
    };
    auto g = body();
    g.next();
    EXPECT_THROW(g.close(), std::runtime_error);
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_NO_THROW(g.close());
}

generator<int> stubborn(int times) {
    int value = 1;
    co_yield value;
    for (;;) {
        bool exit = false;
        try {
            ++value;
            co_yield value;
        } catch (const weft::generator_exit&) {
            exit = true;
        }
        if (exit && times-- == 0) co_return;
    }
}

TEST(generator_close, that_is_ignored_says_so_and_leaves_it_usable) {
    auto g = stubborn(1);
    EXPECT_EQ(g.next(), 1);
    EXPECT_EQ(g.next(), 2);
    try {
        g.close();
        FAIL() << "it was closed";
    } catch (const weft::generator_ignored_exit& e) {
        EXPECT_STREQ(e.what(), "generator ignored generator_exit");
    }
    EXPECT_EQ(g.state(), generator_state::suspended);
    EXPECT_EQ(g.next(), 4) << "3 was what it yielded in place of ending";
    EXPECT_NO_THROW(g.close());
    EXPECT_EQ(g.state(), generator_state::closed);
}

TEST(generator_close, may_be_answered_within_by_an_exit_of_the_bodys_own_kind) {
    struct my_exit : weft::generator_exit {};
    const auto inner = []() -> generator<int> {
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
            throw my_exit();
        }
    };
    log_t log;
    const auto outer = [&]() -> generator<int> {
        try {
            co_yield weft::from(inner());
        } catch (const my_exit&) {
            log.push_back("the inner one's own");
            throw;
        } catch (const weft::generator_exit&) {
            log.push_back("an exit");
            throw;
        }
    };
    auto g = outer();
    g.next();
    EXPECT_NO_THROW(g.close());
    EXPECT_EQ(g.state(), generator_state::closed);
    EXPECT_EQ(log, log_t{"an exit"}) << "the inner one is closed by it: what it said is nobody's any more";
}

TEST(generator_close, a_catch_of_std_exception_does_not_swallow_the_exit) {
    log_t log;
    const auto body = [](log_t& l) -> generator<int> {
        const finally f(l, "finally");
        try {
            co_yield 1;
        } catch (const std::exception&) {
            l.push_back("swallowed");
        }
        l.push_back("went on");
    };
    auto g = body(log);
    g.next();
    g.close();
    EXPECT_EQ(log, log_t{"finally"});
}

TEST(generator_close, may_find_the_body_in_a_co_yield_in_a_loop_of_the_body) {
    log_t log;
    const auto body = [](log_t& l) -> generator<int> {
        for (int i = 0;; ++i) {
            const finally f(l, "iteration " + std::to_string(i));
            co_yield i;
        }
    };
    auto g = body(log);
    g.next();
    g.next();
    g.close();
    EXPECT_EQ(log, (log_t{"iteration 0", "iteration 1"}));
}

TEST(generator_close, clean_up_may_use_other_generators) {
    log_t log;
    const auto body = [](log_t& l) -> generator<int> {
        std::exception_ptr exit;
        try {
            co_yield 1;
        } catch (const weft::generator_exit&) {
            exit = std::current_exception();
        }
        auto other = careful(l);
        other.next();
        other.close();
        std::rethrow_exception(exit);
    };
    auto g = body(log);
    g.next();
    g.close();
    EXPECT_EQ(log, (log_t{"exit", "finally"}));
}

// Going without close

TEST(generator_destroyed, half_way_runs_destructors_and_no_catch_block) {
    log_t log;
    {
        auto g = careful(log);
        g.next();
    }
    EXPECT_EQ(log, log_t{"finally"});
}

TEST(generator_destroyed, before_it_began_runs_nothing_but_the_destructors_of_its_parameters) {
    log_t log;
    const auto shared = std::make_shared<int>(1);
    const auto body = [](log_t& l, std::shared_ptr<int> p) -> generator<int> {
        const finally f(l, "finally");
        co_yield *p;
    };
    {
        const auto g = body(log, shared);
        EXPECT_EQ(shared.use_count(), 2);
    }
    EXPECT_EQ(shared.use_count(), 1);
    EXPECT_TRUE(log.empty());
}

TEST(generator_destroyed, locals_go_in_the_reverse_of_their_order) {
    log_t log;
    {
        const auto body = [](log_t& l) -> generator<int> {
            const finally a(l, "a"), b(l, "b");
            {
                const finally c(l, "c");
                co_yield 1;
            }
        };
        auto g = body(log);
        g.next();
    }
    EXPECT_EQ(log, (log_t{"c", "b", "a"}));
}

TEST(generator_destroyed, while_it_would_ignore_the_exit_says_nothing) {
    auto g = stubborn(1000);
    g.next();
    g.next();
    g = generator<int>();
    EXPECT_TRUE(g.done());
}

TEST(generator_destroyed, locals_of_a_finished_body_went_when_it_finished) {
    log_t log;
    auto g = careful(log);
    while (g.next()) {
    }
    EXPECT_EQ(log, log_t{"finally"});
    g = generator<int>();
    EXPECT_EQ(log, log_t{"finally"});
}

using generator_destroyed_death_test = ::testing::Test;

TEST(generator_destroyed_death_test, while_it_runs_ends_the_program_with_a_message) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto body = [](std::unique_ptr<generator<int>>& me) -> generator<int> {
        me.reset();
        co_yield 1;
    };
    EXPECT_DEATH(
        {
            std::unique_ptr<generator<int>> self;
            self = std::make_unique<generator<int>>(body(self));
            self->next();
        },
        "weft: a generator is destroyed while it runs, by its own body or by what that calls");
}

TEST(generator_destroyed_death_test, by_an_assignment_in_its_own_body_as_well) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto body = [](generator<int>*& me) -> generator<int> {
        *me = generator<int>();
        co_yield 1;
    };
    EXPECT_DEATH(
        {
            generator<int>* self = nullptr;
            auto g = body(self);
            self = &g;
            g.next();
        },
        "weft: a generator is destroyed while it runs");
}

}  // namespace
