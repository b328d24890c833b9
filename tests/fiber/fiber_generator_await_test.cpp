// SPDX-License-Identifier: Apache-2.0
#include <weft/fiber/create_fiber.hpp>
#include <weft/fiber/fiber_generator.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Generators beside a loop: a body that awaits suspends the fiber that asked it.

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::create_fiber;
using weft::fiber_generator;

/// Writes a letter as it goes.
struct leaves {
    std::string& log;
    char letter;
    ~leaves() { log += letter; }
};

fiber_generator<int> count_slowly(int n) {
    return [n](auto& yield) {
        for (int i = 0; i < n; ++i) {
            await(weft::sleep(1s));
            yield(i);
        }
    };
}
int sum_of(fiber_generator<int> g) {
    int sum = 0;
    for (const int n : g) sum += n;
    return sum;
}

TEST(fiber_generator_await, suspends_the_fiber_that_asks) {
    weft::testing::run([]() -> weft::task<> {
        const auto began = weft::get_running_loop().time();
        auto a = create_fiber([] { return sum_of(count_slowly(4)); });
        auto b = create_fiber([] { return sum_of(count_slowly(3)); });
        const int sums = co_await a + co_await b;
        EXPECT_EQ(sums, 6 + 3);
        EXPECT_EQ(weft::get_running_loop().time() - began, 4s) << "side by side";
    }());
}

TEST(fiber_generator_await, at_any_depth_of_generators) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber([] {
            fiber_generator<int> outer([](auto& yield) {
                yield.from(count_slowly(3));
                await(weft::yield_now());
                yield.from(count_slowly(2));
            });
            const int sum = sum_of(std::move(outer));
            await(weft::sleep(1s));  // the fiber itself, as before
            return sum;
        });
        const int sum = co_await h;
        EXPECT_EQ(sum, 3 + 1);
        EXPECT_EQ(weft::get_running_loop().time().time_since_epoch() % 1s, 0s);
    }());
}

TEST(fiber_generator_await, counts_as_running_meanwhile) {
    weft::testing::run([]() -> weft::task<> {
        auto g = count_slowly(2);
        auto asks = create_fiber([&] { return *g.next(); });
        co_await weft::sleep(500ms);
        EXPECT_TRUE(g.running());
        EXPECT_THROW(g.next(), weft::generator_already_running);
        const int first = co_await asks;
        EXPECT_EQ(first, 0);
        auto another = create_fiber([&] { return *g.next(); });
        const int second = co_await another;
        EXPECT_EQ(second, 1) << "whoever asks waits";
    }());
}

TEST(fiber_generator_await, is_refused_where_no_fiber_on_the_loop_has_asked) {
    weft::testing::run([]() -> weft::task<> {
        auto g = count_slowly(1);
        EXPECT_THROW(g.next(), weft::invalid_state_error);
        EXPECT_TRUE(g.done());
        co_return;
    }());
}

TEST(fiber_generator_await, a_cancellation_is_raised_in_the_body) {
    std::string log;
    weft::testing::run([](std::string& l) -> weft::task<> {
        fiber_generator<int> g([&](auto& yield) {
            const leaves last{l, 'g'};
            try {
                await(weft::sleep(1h));
            } catch (const weft::cancelled_error&) {
                l += 'c';
                throw;
            }
            yield(1);
        });
        auto h = create_fiber([&] {
            const leaves last{l, 'f'};
            g.next();
        });
        co_await weft::sleep(1s);
        h.cancel();
        EXPECT_THROW(co_await h, weft::cancelled_error);
        EXPECT_EQ(g.state(), weft::generator_state::closed);
    }(log));
    EXPECT_EQ(log, "cgf");
}

TEST(fiber_generator_await, a_body_may_swallow_a_timeout_and_yield) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber([] {
            fiber_generator<int> g([](auto& yield) {
                try {
                    await(weft::wait_for(weft::sleep(1h), 1s));
                } catch (const weft::timeout_error&) {
                    yield(1);  // from the handler
                }
                await(weft::sleep(1s));
                yield(2);
            });
            return sum_of(std::move(g));
        });
        const int sum = co_await h;
        EXPECT_EQ(sum, 3);
    }());
}

TEST(fiber_generator_await, is_unwound_with_a_task_that_is_destroyed) {
    std::string log;
    fiber_generator<int> outlives([&](auto& yield) {
        const leaves last{log, 'o'};
        yield(1);
        await(weft::sleep(1h));
    });
    {
        weft::event_loop loop;
        loop.run_until_complete([](fiber_generator<int>& o, std::string& l) -> weft::task<> {
            weft::task<> waits = [](fiber_generator<int>& g, std::string& written) -> weft::task<> {
                co_await create_fiber([&] {
                    const leaves last{written, 'f'};
                    fiber_generator<int> inner([&](auto& yield) {
                        const leaves i{written, 'i'};
                        yield.from(std::move(g));
                    });
                    inner.next();
                    inner.next();
                });
            }(o, l);
            const auto h = weft::create_task(std::move(waits));
            for (int i = 0; i < 3; ++i) co_await weft::yield_now();
        }(outlives, log));
        EXPECT_EQ(log, "");
        testing::internal::CaptureStderr();
    }
    EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("destroyed but it is pending"));
    EXPECT_EQ(log, "oif");
}

TEST(fiber_generator_await, a_coroutine_asks_between_its_awaits) {
    weft::testing::run([]() -> weft::task<> {
        std::vector<int> seen;
        fiber_generator<int, int> g([](auto& yield) {
            int n = 1;
            for (;;) n = yield(2 * n);
        });
        int n = *g.next();
        for (int i = 0; i < 3; ++i) {
            co_await weft::sleep(1s);
            n = *g.send(n);
            seen.push_back(n);
        }
        EXPECT_EQ(seen, (std::vector{4, 8, 16}));
        auto h = create_fiber([&] { return *g.send(1); });  // and a fiber goes on
        n = co_await h;
        EXPECT_EQ(n, 2);
        EXPECT_EQ(g.send(2), 4);
    }());
}

TEST(fiber_generator_await, awaits_what_never_waits_in_constant_stack) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber([] {
            fiber_generator<int> g([](auto& yield) {
                const auto one = []() -> weft::task<int> { co_return 1; };
                for (int i = 0; i < 10'000; ++i) yield(await(one()));
            });
            return sum_of(std::move(g));
        });
        const int sum = co_await h;
        EXPECT_EQ(sum, 10'000);
    }());
}

}  // namespace
