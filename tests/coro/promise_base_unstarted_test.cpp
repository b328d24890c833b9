// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/async_generator.hpp>
#include <weft/coro/generator.hpp>
#include <weft/coro/task.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Coroutines that hold coroutines as their parameters, and have not begun: 100 000 of them go in constant stack.

namespace {

using weft::async_generator;
using weft::generator;
using weft::task;

constexpr int deep = 100'000;

/// Runs `f` where recursion would not get far.
template <class F>
void on_a_small_stack(F f) {
    constexpr std::size_t stack_bytes = 512 * 1024;  // under the sanitizers a call needs more than one would think
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_bytes), 0);
    pthread_t thread;
    const auto run = [](void* function) -> void* {
        (*static_cast<F*>(function))();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, run, &f), 0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
    ASSERT_EQ(pthread_attr_destroy(&attributes), 0);
}

struct counted_exit {
    explicit counted_exit(int& c) : count(&c) {}
    counted_exit(counted_exit&& other) noexcept : count(std::exchange(other.count, nullptr)) {}
    counted_exit& operator=(counted_exit&&) = delete;
    ~counted_exit() {
        if (count) ++*count;
    }
    int* count;
};

generator<int> first(counted_exit) { co_yield 1; }
generator<int> wrap(generator<int> inner, counted_exit) { co_yield weft::from(std::move(inner)); }
generator<int> cat(generator<int> a, generator<int> b) {
    co_yield weft::from(std::move(a));
    co_yield weft::from(std::move(b));
}

generator<int> wrapped(int depth, int& gone) {
    auto g = first(counted_exit(gone));
    for (int i = 0; i < depth; ++i) g = wrap(std::move(g), counted_exit(gone));
    return g;
}

TEST(promise_base_unstarted, of_100000_generators_is_destroyed) {
    on_a_small_stack([] {
        int gone = 0;
        {
            const auto g = wrapped(deep, gone);
        }
        EXPECT_EQ(gone, deep + 1);
    });
}

TEST(promise_base_unstarted, of_100000_generators_is_closed_and_destroyed) {
    on_a_small_stack([] {
        int gone = 0;
        {
            auto g = wrapped(deep, gone);
            g.close();
            EXPECT_TRUE(g.done());
        }
        EXPECT_EQ(gone, deep + 1);
    });
}

TEST(promise_base_unstarted, of_100000_generators_goes_with_what_holds_it_and_has_begun) {
    on_a_small_stack([] {
        int gone = 0;
        {
            auto right = first(counted_exit(gone));
            for (int i = 0; i < deep; ++i) right = cat(first(counted_exit(gone)), std::move(right));
            EXPECT_EQ(right.next(), 1);
            EXPECT_EQ(gone, 0);
        }
        EXPECT_EQ(gone, deep + 1);
        {
            auto left = first(counted_exit(gone));
            for (int i = 0; i < deep; ++i) left = cat(std::move(left), first(counted_exit(gone)));
            EXPECT_EQ(left.next(), 1);
        }
        EXPECT_EQ(gone, 2 * deep + 2);
    });
}

TEST(promise_base_unstarted, of_100000_generators_still_runs) {
    on_a_small_stack([] {
        int gone = 0;
        auto g = wrapped(deep, gone);
        EXPECT_EQ(g.next(), 1);
        EXPECT_FALSE(g.next());
    });
}

TEST(promise_base_unstarted, of_100000_generators_goes_while_an_exception_passes) {
    on_a_small_stack([] {
        int gone = 0;
        const auto fails = [&] {
            const auto g = wrapped(deep, gone);
            throw std::runtime_error("here");
        };
        EXPECT_THROW(fails(), std::runtime_error);
        EXPECT_EQ(gone, deep + 1);
    });
}

TEST(promise_base_unstarted, in_other_parameters_goes_as_well) {
    on_a_small_stack([] {
        const auto keeps = [](std::optional<generator<int>> inner, std::vector<generator<int>> others,
                              counted_exit) -> generator<int> {
            co_yield weft::from(std::move(*inner));
            co_yield weft::from(std::move(others[0]));
        };
        int gone = 0;
        {
            auto g = first(counted_exit(gone));
            for (int i = 0; i < deep; ++i) {
                std::vector<generator<int>> others;
                others.push_back(first(counted_exit(gone)));
                others.push_back(first(counted_exit(gone)));
                g = keeps(std::move(g), std::move(others), counted_exit(gone));
            }
        }
        EXPECT_EQ(gone, 3 * deep + 1);
    });
}

TEST(promise_base_unstarted, of_100000_async_generators_is_destroyed) {
    on_a_small_stack([] {
        const auto begins = [](counted_exit) -> async_generator<int> { co_yield 1; };
        const auto hands_on = [](async_generator<int> inner, counted_exit) -> async_generator<int> {
            while (const auto element = co_await inner.next()) co_yield *element;
        };
        int gone = 0;
        {
            auto g = begins(counted_exit(gone));
            for (int i = 0; i < deep; ++i) g = hands_on(std::move(g), counted_exit(gone));
        }
        EXPECT_EQ(gone, deep + 1);
    });
}

TEST(promise_base_unstarted, of_100000_tasks_is_destroyed) {
    on_a_small_stack([] {
        const auto begins = [](counted_exit) -> task<> { co_return; };
        const auto awaits = [](task<> inner, counted_exit) -> task<> { co_await std::move(inner); };
        int gone = 0;
        {
            auto t = begins(counted_exit(gone));
            for (int i = 0; i < deep; ++i) t = awaits(std::move(t), counted_exit(gone));
        }
        EXPECT_EQ(gone, deep + 1);
    });
}

TEST(promise_base_unstarted, of_mixed_kinds_is_destroyed) {
    on_a_small_stack([] {
        const auto of_generator = [](generator<int> inner) -> async_generator<int> {
            for (const int i : inner) co_yield i;
        };
        const auto of_async = [](async_generator<int> inner) -> task<> { co_await inner.next(); };
        const auto of_task = [](task<> inner, counted_exit) -> generator<int> {
            inner.step();
            co_yield 1;
        };
        int gone = 0;
        {
            auto g = first(counted_exit(gone));
            for (int i = 0; i < deep / 3; ++i) g = of_task(of_async(of_generator(std::move(g))), counted_exit(gone));
        }
        EXPECT_EQ(gone, deep / 3 + 1);
    });
}

// Order, where it is that of C++: parameters go last to first. GCC 14 has them go first to last in a coroutine.

#if defined(__clang__)

struct says_when_it_goes {
    says_when_it_goes(std::vector<std::string>& l, std::string n) : log(&l), name(std::move(n)) {}
    says_when_it_goes(says_when_it_goes&& other) noexcept
        : log(std::exchange(other.log, nullptr)), name(std::move(other.name)) {}
    says_when_it_goes& operator=(says_when_it_goes&&) = delete;
    ~says_when_it_goes() {
        if (log) log->push_back(name);
    }
    std::vector<std::string>* log;
    std::string name;
};

TEST(promise_base_unstarted, of_a_few_goes_in_the_order_of_cpp) {
    const auto begins = [](says_when_it_goes) -> generator<int> { co_yield 1; };
    const auto holds = [](says_when_it_goes, generator<int> a, generator<int> b, says_when_it_goes) -> generator<int> {
        co_yield weft::from(std::move(a));
        co_yield weft::from(std::move(b));
    };
    std::vector<std::string> log;
    {
        const auto g = holds(says_when_it_goes(log, "first"), begins(says_when_it_goes(log, "a")),
                             begins(says_when_it_goes(log, "b")), says_when_it_goes(log, "last"));
    }
    EXPECT_EQ(log, (std::vector<std::string>{"last", "b", "a", "first"}));
}

TEST(promise_base_unstarted, that_is_deep_goes_from_the_outside_in) {
    const auto begins = [](says_when_it_goes) -> generator<int> { co_yield 1; };
    const auto holds = [](generator<int> a, generator<int> b, says_when_it_goes) -> generator<int> {
        co_yield weft::from(std::move(a));
        co_yield weft::from(std::move(b));
    };
    constexpr int some = 1000;
    std::vector<std::string> log;
    {
        auto g = begins(says_when_it_goes(log, "innermost"));
        for (int i = 0; i < some; ++i) {
            const std::string number = std::to_string(i);
            g = holds(std::move(g), begins(says_when_it_goes(log, "b" + number)), says_when_it_goes(log, number));
        }
    }
    std::vector<std::string> expected;
    for (int i = some; i-- > 0;) {
        expected.push_back(std::to_string(i));
        expected.push_back("b" + std::to_string(i));
    }
    expected.emplace_back("innermost");
    EXPECT_EQ(log, expected);
}

#endif

}  // namespace
