// SPDX-License-Identifier: Apache-2.0
#include <weft/fiber/create_fiber.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::await;
using weft::create_fiber;

int plus_one_later(int n) {
    await(weft::sleep(1s));
    return n + 1;
}

TEST(create_fiber, gives_a_task_that_is_awaited) {
    const int n = weft::testing::run([]() -> weft::task<int> {
        weft::task_handle<int> h = create_fiber(plus_one_later, 2);
        co_return co_await h;
    }());
    EXPECT_EQ(n, 3);
}

TEST(create_fiber, fibers_wait_side_by_side) {
    weft::testing::run([]() -> weft::task<> {
        const auto began = weft::get_running_loop().time();
        std::vector<weft::task_handle<int>> handles;
        for (int i = 0; i < 100; ++i) handles.push_back(create_fiber(plus_one_later, i));
        const std::vector<int> results = co_await weft::gather(std::move(handles));
        EXPECT_EQ(results[99], 100);
        EXPECT_EQ(weft::get_running_loop().time() - began, 1s);
    }());
}

TEST(create_fiber, takes_options_and_arguments) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber({.name = "adder"}, plus_one_later, 2);
        EXPECT_EQ(h.name(), "adder");
        const int n = co_await h;
        EXPECT_EQ(n, 3);
    }());
}

TEST(create_fiber, run_in_fiber_is_a_coroutine_that_begins_when_it_is_awaited) {
    weft::testing::run([]() -> weft::task<> {
        bool begun = false;
        const auto begin = [&](std::unique_ptr<int> n) {
            begun = true;
            return plus_one_later(*n);
        };
        auto later = weft::run_in_fiber(begin, std::make_unique<int>(1));
        co_await weft::yield_now();
        EXPECT_FALSE(begun);
        const auto [a, b] =
            co_await weft::gather(std::move(later), weft::run_in_fiber({.name = "other"}, plus_one_later, 2));
        EXPECT_EQ(a, 2);
        EXPECT_EQ(b, 3);
        bool too_late = false;
        try {
            co_await weft::wait_for(weft::run_in_fiber(plus_one_later, 3), 1ms);
        } catch (const weft::timeout_error&) {
            too_late = true;
        }
        EXPECT_TRUE(too_late);
    }());
}

TEST(create_fiber, run_in_fiber_takes_no_more_stack_the_more_often_it_is_awaited) {
    const int sum = weft::testing::run([]() -> weft::task<int> {
        int all = 0;
        for (int i = 0; i < 100'000; ++i) all += co_await weft::run_in_fiber([] { return 1; });
        co_await weft::run_in_fiber(plus_one_later, 0);
        for (int i = 0; i < 100'000; ++i) all += co_await weft::run_in_fiber([] { return 1; });
        co_return all;
    }());
    EXPECT_EQ(sum, 200'000);
}

TEST(create_fiber, waits_inside_of_algorithms) {
    weft::testing::run([]() -> weft::task<> {
        weft::queue<int> numbers;
        auto sorting = create_fiber([&] {
            std::vector<int> sorted{5, 3, 4, 1, 2};
            std::sort(sorted.begin(), sorted.end(), [](int a, int b) {
                await(weft::sleep(1ms));
                return a < b;
            });
            for (const int n : sorted) await(numbers.put(n));
            return sorted.size();
        });
        for (int i = 1; i <= 5; ++i) {
            const int n = co_await numbers.get();
            EXPECT_EQ(n, i);
        }
        const std::size_t size = co_await sorting;
        EXPECT_EQ(size, 5u);
    }());
}

weft::task<int> twice(int n) { co_return 2 * n; }
weft::task<int> twice_later(int n) {
    co_await weft::sleep(1s);
    co_return 2 * n;
}

TEST(create_fiber, awaits_tasks_that_wait_and_tasks_that_do_not) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber([] {
            int sum = 0;
            for (int i = 0; i < 100'000; ++i) sum += await(twice(i % 2));  // in constant stack, the loop's and its own
            return sum + await(twice_later(1));
        });
        const int sum = co_await h;
        EXPECT_EQ(sum, 100'002);
    }());
}

TEST(create_fiber, awaits_other_fibers_locks_and_timeouts) {
    weft::testing::run([]() -> weft::task<> {
        weft::lock l;
        std::string log;
        auto work = [&](const std::string& name) {
            auto held = await(l.acquire());
            log += name + "(";
            await(weft::sleep(1s));
            log += ")";
        };
        auto outer = create_fiber([&] {
            auto a = create_fiber([&] { work("a"); });
            auto b = create_fiber([&] { work("b"); });
            await(a);
            await(b);
            EXPECT_THROW(await(weft::wait_for(twice_later(1), 100ms)), weft::timeout_error);
            await(weft::yield_now());
            return log;
        });
        const std::string seen = co_await outer;
        EXPECT_EQ(seen, "a()b()");
    }());
}

TEST(create_fiber, exceptions_go_to_who_awaits_it) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber([] {
            await(weft::sleep(1s));
            throw std::runtime_error("of a fiber");
        });
        std::string what;
        try {
            co_await h;
        } catch (const std::runtime_error& e) {
            what = e.what();
        }
        EXPECT_EQ(what, "of a fiber");
    }());
}

TEST(create_fiber, keeps_its_arguments_and_moves_them_in) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber(
            [](std::unique_ptr<int> p, const std::string& s) {
                await(weft::sleep(1s));
                return std::to_string(*p) + s;
            },
            std::make_unique<int>(4), "2");
        const std::string text = co_await h;
        EXPECT_EQ(text, "42");
    }());
}

TEST(create_fiber, parked_takes_no_more_than_two_pages) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers have memory of their own";
#elif defined(__has_feature)
    if (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)) {
        GTEST_SKIP() << "sanitizers have memory of their own";
    }
#endif
    const auto resident_bytes = [] {
        std::size_t all = 0, resident = 0;
        std::FILE* const file = std::fopen("/proc/self/statm", "r");
        EXPECT_EQ(std::fscanf(file, "%zu %zu", &all, &resident), 2);
        std::fclose(file);
        return resident * 4096;
    };
    weft::testing::run([](auto bytes) -> weft::task<> {
        std::vector<weft::task_handle<void>> sleepers;
        sleepers.reserve(5000);
        const std::size_t before = bytes();
        for (int i = 0; i < 5000; ++i) sleepers.push_back(create_fiber([] { await(weft::sleep(1h)); }));
        co_await weft::sleep(1s);
        EXPECT_LE((bytes() - before) / 5000, 8192u);
        co_await weft::gather(std::move(sleepers));
    }(resident_bytes));
}

TEST(create_fiber, is_in_the_stack_of_its_task) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber({.name = "sleeper"}, [] { await(twice_later(1)); });
        co_await weft::sleep(100ms);
        EXPECT_EQ(h.name(), "sleeper");
        const auto stack = h.stack();
        std::string functions;
        for (const auto& frame : stack) functions += frame.function + " ";
        EXPECT_GE(stack.size(), 3u) << functions;
        EXPECT_THAT(functions, testing::HasSubstr("twice_later"));
        co_await h;
    }());
}

// Cancellation

TEST(create_fiber, cancelled_while_waiting) {
    weft::testing::run([]() -> weft::task<> {
        std::string log;
        auto h = create_fiber([&] {
            try {
                await(weft::sleep(1h));
            } catch (const weft::cancelled_error& e) {
                log = e.message();
                await(weft::sleep(1s));  // cleaning up
                log += " cleaned";
                throw;
            }
        });
        co_await weft::sleep(1s);
        h.cancel("enough");
        bool cancelled = false;
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        EXPECT_TRUE(h.cancelled());
        EXPECT_EQ(log, "enough cleaned");
    }());
}

TEST(create_fiber, cancelled_before_it_starts_it_never_runs) {
    weft::testing::run([]() -> weft::task<> {
        bool ran = false;
        auto h = create_fiber([&] { ran = true; });
        h.cancel();
        co_await weft::sleep(1s);
        EXPECT_TRUE(h.cancelled());
        EXPECT_FALSE(ran);
    }());
}

TEST(create_fiber, destroyed_while_waiting_its_stack_unwinds) {
    std::string log;
    struct notes {
        std::string& log;
        ~notes() { log += "gone"; }
    };
    testing::internal::CaptureStderr();
    {
        weft::event_loop loop;
        loop.call_soon([&] {
            weft::spawn([](std::string& l) -> weft::task<> {
                co_await create_fiber([&l] {
                    const notes last{l};
                    await(twice_later(1));
                    l += "!";
                });
            }(log));
        });
        loop.run_once();
        loop.run_once();
        loop.run_once();
        EXPECT_EQ(log, "");
    }
    EXPECT_EQ(log, "gone");
    EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("in twice_later"));
}

// Misuse

TEST(create_fiber, await_outside_of_a_fiber_is_an_error) {
    EXPECT_THROW(await(weft::sleep(1s)), weft::invalid_state_error);
    weft::testing::run([]() -> weft::task<> {
        EXPECT_THROW(await(weft::sleep(1s)), weft::invalid_state_error);
        co_return;
    }());
}

TEST(create_fiber, a_stack_that_cannot_be_had_is_the_tasks_error) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber({.stack_bytes = ~std::size_t{0}}, [] {});
        bool failed = false;
        try {
            co_await h;
        } catch (const std::system_error&) {
            failed = true;
        }
        EXPECT_TRUE(failed);
    }());
}

}  // namespace
