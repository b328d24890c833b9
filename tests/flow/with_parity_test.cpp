// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/async_generator.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/with.hpp>
#include <weft/testing/run.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using testing::ElementsAre;

// What CPython's test_coroutines asserts of `async with`; docs/parity-generators.md lists all of it.

namespace {

using weft::task;
using log = std::vector<std::string>;

class manager {
public:
    manager(log& l, std::string name, bool swallows) : log_(l), name_(std::move(name)), swallows_(swallows) {}
    task<std::string&> enter() {
        log_.push_back("enter 1 " + name_);
        co_await weft::sleep(1s);
        log_.push_back("enter 2 " + name_);
        co_return name_;
    }
    task<bool> exit(std::exception_ptr error) {
        log_.push_back("exit 1 " + name_ + (error ? ": " + weft::describe_exception(error) : ""));
        co_await weft::sleep(1s);
        log_.push_back("exit 2 " + name_);
        co_return swallows_;
    }

private:
    log& log_;
    std::string name_;
    bool swallows_;
};

TEST(with_parity, an_inner_context_that_swallows_hides_the_exception_from_the_outer_one) {
    log events;
    const auto nested = [&](bool swallows) -> task<> {
        co_await weft::with(manager(events, "A", false), [&](std::string& a) -> task<> {
            co_await weft::with(manager(events, "B", swallows), [&](std::string& b) -> task<> {
                events.push_back("body " + a + b);
                throw std::runtime_error("body");
                co_return;
            });
        });
    };
    weft::testing::run(nested(true));
    EXPECT_THAT(events, ElementsAre("enter 1 A", "enter 2 A", "enter 1 B", "enter 2 B", "body AB",
                                    "exit 1 B: std::runtime_error: body", "exit 2 B", "exit 1 A", "exit 2 A"));
    events.clear();
    EXPECT_THROW(weft::testing::run(nested(false)), std::runtime_error);
    EXPECT_THAT(events, ElementsAre("enter 1 A", "enter 2 A", "enter 1 B", "enter 2 B", "body AB",
                                    "exit 1 B: std::runtime_error: body", "exit 2 B",
                                    "exit 1 A: std::runtime_error: body", "exit 2 A"));
}

struct nothing {};
struct without_exit {
    task<> enter();
};
struct without_enter {
    task<> exit(std::exception_ptr);
};
struct enters_without_await {
    int enter();
    task<> exit(std::exception_ptr);
};
struct exits_without_await {
    task<> enter();
    int exit(std::exception_ptr);
};
template <class C>
concept taken_by_with = requires(C c) { weft::with(c, []() -> task<> { co_return; }); };

TEST(with_parity, what_lacks_an_awaitable_enter_or_exit_is_refused_by_the_compiler) {
    EXPECT_TRUE(taken_by_with<manager>);
    EXPECT_FALSE(taken_by_with<nothing>);
    EXPECT_FALSE(taken_by_with<without_exit>);
    EXPECT_FALSE(taken_by_with<without_enter>);
    EXPECT_FALSE(taken_by_with<enters_without_await>);
    EXPECT_FALSE(taken_by_with<exits_without_await>);
}

struct fails_on_exit {
    std::string what;
    task<> enter() { co_return; }
    task<> exit(std::exception_ptr error) {
        throw std::domain_error(what + (error ? " after " + weft::describe_exception(error) : ""));
        co_return;
    }
};
std::string error_of(task<> t) {
    try {
        weft::testing::run(std::move(t));
    } catch (const std::domain_error& e) {
        return e.what();
    }
    return "none";
}

TEST(with_parity, an_error_of_exit_comes_out_and_replaces_that_of_the_body) {
    const auto alone = []() -> task<> { co_await weft::with(fails_on_exit("exit"), []() -> task<> { co_return; }); };
    EXPECT_EQ(error_of(alone()), "exit");
    const auto nested = []() -> task<> {
        co_await weft::with(fails_on_exit("outer"), []() -> task<> {
            co_await weft::with(fails_on_exit("inner"), []() -> task<> {
                throw std::runtime_error("body");
                co_return;
            });
        });
    };
    EXPECT_EQ(error_of(nested()), "outer after std::domain_error: inner after std::runtime_error: body");
}

TEST(with_parity, a_loop_over_an_async_generator_may_stand_inside_and_what_follows_outside) {
    const auto numbers = []() -> weft::async_generator<int> {
        for (int i = 0; i < 11; ++i) {
            co_await weft::sleep(1s);
            co_yield i;
        }
    };
    log events;
    const auto main = [&]() -> task<int> {
        int sum = 0;
        for (int i = 0; i < 2; ++i) {
            sum += co_await weft::with(manager(events, "A", false), [&]() -> task<int> {
                int inside = 100;
                auto g = numbers();
                while (co_await g.next()) ++inside;
                co_return inside;
            });
            sum += 1000;
        }
        co_return sum;
    };
    EXPECT_EQ(weft::testing::run(main()), 2222);
    EXPECT_EQ(events.size(), 8u);
}

}  // namespace
