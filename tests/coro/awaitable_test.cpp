// SPDX-License-Identifier: Apache-2.0
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <memory>
#include <type_traits>

namespace {

struct foreign {
    bool await_ready() { return true; }
    void await_suspend(std::coroutine_handle<>) {}
    int await_resume() { return 1; }
};
struct with_member {
    foreign operator co_await() const { return {}; }
};
struct with_free {};
foreign operator co_await(with_free) { return {}; }

struct half {
    bool await_ready();
};
struct not_a_bool {
    struct nothing {};
    nothing await_ready();
    void await_suspend(std::coroutine_handle<>);
    void await_resume();
};

TEST(awaitable, tasks_handles_futures_and_operations_are) {
    static_assert(weft::awaitable<weft::task<int>>);
    static_assert(weft::awaitable<weft::task_handle<int>&>);
    static_assert(weft::awaitable<weft::future<>>);
    static_assert(weft::awaitable<weft::sleep_awaiter>);
    static_assert(weft::awaitable<weft::yield_awaiter>);
}

TEST(awaitable, other_libraries_awaiters_are) {
    static_assert(weft::awaitable<foreign>);
    static_assert(weft::awaitable<foreign&>);
    static_assert(weft::awaitable<with_member>);
    static_assert(weft::awaitable<with_free>);
    static_assert(weft::awaitable<std::suspend_always>);
}

TEST(awaitable, other_things_are_not) {
    static_assert(!weft::awaitable<int>);
    static_assert(!weft::awaitable<half>);
    static_assert(!weft::awaitable<not_a_bool>);
}

TEST(awaitable, await_result_is_what_co_await_gives) {
    static_assert(std::is_same_v<weft::await_result<weft::task<int>>, int>);
    static_assert(std::is_same_v<weft::await_result<weft::task<int&>>, int&>);
    static_assert(std::is_void_v<weft::await_result<weft::task<>>>);
    static_assert(std::is_same_v<weft::await_result<weft::task<std::unique_ptr<int>>>, std::unique_ptr<int>>);
    static_assert(std::is_same_v<weft::await_result<with_member>, int>);
    static_assert(std::is_same_v<weft::await_result<weft::future<long>&>, long>);
}

}  // namespace
