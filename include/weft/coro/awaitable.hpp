// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

// What may stand behind `co_await`.

namespace weft::inline v0 {

/// weft's own awaiters derive from this: they know how to suspend a weft coroutine, be cancelled and say what they wait
/// for. Any other awaiter is adapted (foreign_awaiter.hpp).
struct native_awaiter {};

template <class A>
concept awaiter = requires(A& a, std::coroutine_handle<> h) {
    { a.await_ready() } -> std::convertible_to<bool>;
    a.await_suspend(h);
    a.await_resume();
} || (std::derived_from<A, native_awaiter> && requires(A& a) {
                      { a.await_ready() } -> std::convertible_to<bool>;
                      a.await_resume();
                  });

template <class A>
concept has_member_co_await = requires(A&& a) { std::forward<A>(a).operator co_await(); };
template <class A>
concept has_free_co_await = requires(A&& a) { operator co_await(std::forward<A>(a)); };

/// The awaiter that `co_await` uses for `a`: what its `operator co_await` gives, or itself.
template <class A>
constexpr decltype(auto) get_awaiter(A&& a) {
    if constexpr (has_member_co_await<A>) {
        return std::forward<A>(a).operator co_await();
    } else if constexpr (has_free_co_await<A>) {
        return operator co_await(std::forward<A>(a));
    } else {
        return std::forward<A>(a);
    }
}
template <class A>
using awaiter_of = std::remove_cvref_t<decltype(get_awaiter(std::declval<A>()))>;

/// Something a weft coroutine can `co_await`: a task, task_handle or future, a weft operation, or any other library's
/// awaiter.
template <class A>
concept awaitable = awaiter<awaiter_of<A>>;

/// What `co_await std::declval<A>()` gives.
template <awaitable A>
using await_result = decltype(std::declval<awaiter_of<A>&>().await_resume());

}  // namespace weft::inline v0
