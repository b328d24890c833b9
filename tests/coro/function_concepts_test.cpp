// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/async_generator.hpp>
#include <weft/coro/function_concepts.hpp>
#include <weft/coro/generator.hpp>
#include <weft/coro/task.hpp>

#include <gtest/gtest.h>

namespace {

[[maybe_unused]] weft::generator<int, int, int> generates(int i) { co_return co_yield i; }
[[maybe_unused]] weft::task<> awaits() { co_return; }
[[maybe_unused]] weft::async_generator<int> both() {
    co_await awaits();
    co_yield 1;
}
[[maybe_unused]] int neither(int i) { return i; }

struct has_members {
    weft::generator<int> generates() const noexcept { co_yield 1; }
    weft::task<int> awaits(int i) { co_return i; }
};

TEST(function_concepts, tell_functions_by_what_calling_them_makes) {
    EXPECT_TRUE(weft::generator_function<decltype(generates)>);
    EXPECT_TRUE(weft::generator_function<decltype(&generates)>);
    EXPECT_TRUE(weft::coroutine_function<decltype(awaits)>);
    EXPECT_TRUE(weft::async_generator_function<decltype(both)>);
    EXPECT_FALSE(weft::coroutine_function<decltype(generates)>);
    EXPECT_FALSE(weft::generator_function<decltype(both)>);
    EXPECT_FALSE(weft::generator_function<decltype(neither)>);
    EXPECT_FALSE(weft::coroutine_function<decltype(neither)>);
    EXPECT_FALSE(weft::coroutine_function<int>);
}

TEST(function_concepts, know_lambdas_and_members) {
    const int captured = 1;
    const auto lambda = [captured](int) noexcept -> weft::task<int> { co_return captured; };
    auto changing = [captured]() mutable -> weft::generator<int> { co_yield captured; };
    EXPECT_TRUE(weft::coroutine_function<decltype(lambda)>);
    EXPECT_TRUE(weft::coroutine_function<decltype((lambda))>);
    EXPECT_TRUE(weft::generator_function<decltype(changing)>);
    EXPECT_TRUE(weft::generator_function<decltype(&has_members::generates)>);
    EXPECT_TRUE(weft::coroutine_function<decltype(&has_members::awaits)>);
}

TEST(function_concepts, awaitable_is_what_can_be_awaited) {
    EXPECT_TRUE(weft::awaitable<weft::task<int>>);
    EXPECT_FALSE(weft::awaitable<weft::generator<int>>);
    EXPECT_FALSE(weft::awaitable<weft::async_generator<int>>);
}

}  // namespace
