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

TEST(function_concepts, know_call_operators_however_they_are_qualified) {
    struct once {
        weft::generator<int> operator()(int i) && { co_yield i; }
    };
    struct constant_once {
        weft::task<> operator()(int) const&& { co_return; }
    };
    EXPECT_TRUE(weft::generator_function<once>);
    EXPECT_TRUE(weft::coroutine_function<constant_once>);
    EXPECT_TRUE(weft::generator_function<weft::generator<int>(int, ...)>);
    EXPECT_TRUE(weft::generator_function<weft::generator<int> (*)(...)>);
    EXPECT_TRUE(weft::async_generator_function<weft::async_generator<int> (once::*)(int, ...)>);
    EXPECT_TRUE(weft::async_generator_function<weft::async_generator<int> (once::*)(...) const>);
}

TEST(function_concepts, know_what_can_be_called_without_arguments_be_it_a_template) {
    const auto with_itself = [captured = 1](this auto) -> weft::generator<int> { co_yield captured; };
    const auto awaits_with_itself = [captured = 1](this auto) -> weft::task<int> { co_return captured; };
    const auto of_any = [](auto...) -> weft::generator<int> { co_yield 1; };
    const auto of_one = [](auto) -> weft::generator<int> { co_yield 1; };
    EXPECT_TRUE(weft::generator_function<decltype(with_itself)>);
    EXPECT_TRUE(weft::coroutine_function<decltype(awaits_with_itself)>);
    EXPECT_FALSE(weft::generator_function<decltype(awaits_with_itself)>);
    EXPECT_TRUE(weft::generator_function<decltype(of_any)>);
    EXPECT_FALSE(weft::generator_function<decltype(of_one)>) << "what it makes depends on what it is called with";
}

TEST(function_concepts, awaitable_is_what_can_be_awaited) {
    EXPECT_TRUE(weft::awaitable<weft::task<int>>);
    EXPECT_FALSE(weft::awaitable<weft::generator<int>>);
    EXPECT_FALSE(weft::awaitable<weft::async_generator<int>>);
}

}  // namespace
