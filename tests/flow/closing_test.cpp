// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/async_generator.hpp>
#include <weft/coro/generator.hpp>
#include <weft/flow/closing.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/with.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

using namespace std::chrono_literals;

namespace {

weft::generator<int> notes_exit(bool& exited) {
    try {
        for (int i = 0;; ++i) co_yield i;
    } catch (const weft::generator_exit&) {
        exited = true;
        throw;
    }
}

/// Awaits when it cleans up.
weft::async_generator<int> cleans_up(bool& clean) {
    std::exception_ptr exit;
    try {
        for (int i = 0;; ++i) co_yield i;
    } catch (...) {
        exit = std::current_exception();
    }
    co_await weft::sleep(1s);
    clean = true;
    std::rethrow_exception(exit);
}

TEST(closing, closes_a_generator_whose_catch_blocks_run) {
    const auto main = []() -> weft::task<> {
        bool exited = false;
        auto g = notes_exit(exited);
        const int second = co_await weft::with(weft::closing(g), [](weft::generator<int>& inside) -> weft::task<int> {
            inside.next();
            co_return *inside.next();
        });
        EXPECT_EQ(second, 1);
        EXPECT_TRUE(exited);
        EXPECT_TRUE(g.done());
    };
    weft::testing::run(main());
}

TEST(closing, closes_a_generator_that_must_await_to_clean_up) {
    const auto main = []() -> weft::task<> {
        bool clean = false;
        co_await weft::with(weft::closing(cleans_up(clean)), [&](weft::async_generator<int>& g) -> weft::task<> {
            co_await g.next();
            EXPECT_FALSE(clean);
        });
        EXPECT_TRUE(clean);
    };
    weft::testing::run(main());
}

TEST(closing, closes_when_the_body_throws_and_lets_the_exception_pass) {
    const auto main = []() -> weft::task<> {
        bool clean = false;
        const auto fails = [](auto& g) -> weft::task<> {
            co_await g.next();
            throw std::runtime_error("body");
        };
        EXPECT_THROW(co_await weft::with(weft::closing(cleans_up(clean)), fails), std::runtime_error);
        EXPECT_TRUE(clean);
    };
    weft::testing::run(main());
}

TEST(closing, what_comes_out_of_the_generator_arrives) {
    const auto main = []() -> weft::task<> {
        const auto fails = []() -> weft::generator<int> {
            try {
                co_yield 1;
            } catch (const weft::generator_exit&) {
                throw std::runtime_error("while closing");
            }
        };
        const auto body = [](auto& g) -> weft::task<> {
            g.next();
            co_return;
        };
        EXPECT_THROW(co_await weft::with(weft::closing(fails()), body), std::runtime_error);
    };
    weft::testing::run(main());
}

TEST(closing, cancelled_while_the_body_waits_it_closes) {
    const auto main = []() -> weft::task<> {
        bool clean = false;
        const auto waits = [](auto& g) -> weft::task<> {
            co_await g.next();
            co_await weft::sleep(1h);
        };
        const auto inside = weft::create_task(weft::with(weft::closing(cleans_up(clean)), waits));
        co_await weft::sleep(1s);
        inside.cancel();
        EXPECT_THROW(co_await inside, weft::cancelled_error);
        EXPECT_TRUE(clean);
    };
    weft::testing::run(main());
}

}  // namespace
