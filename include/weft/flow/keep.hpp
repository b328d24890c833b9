// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>
#include <weft/coro/task.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// What may be given to a function that awaits it later: a temporary that is then its own, or a handle or future.
template <class A>
concept keepable = awaitable<std::decay_t<A>> &&
                   (std::move_constructible<std::decay_t<A>> || requires(A&& a) { to_task(std::forward<A>(a)); });

/// Keeps something that is to be awaited: itself, or, if it cannot be moved, the task that it can be made.
template <class A>
auto keep(A&& aw) {
    if constexpr (std::move_constructible<std::decay_t<A>>) {
        return std::decay_t<A>(std::forward<A>(aw));
    } else {
        return to_task(std::forward<A>(aw));
    }
}

}  // namespace weft::inline v0
