// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/flow/with.hpp>
#include <weft/loop/cancel_scope.hpp>
#include <weft/loop/event_loop.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

template <class Body>
concept scope_body = std::invocable<Body&> || std::invocable<Body&, cancel_scope&>;

template <scope_body Body>
task<bool> move_on(nanos when, bool absolute, Body body) {
    cancel_scope scope;
    scope.deadline(to_time_point(absolute ? when : deadline_after(get_running_loop().now(), when)));
    const auto run = [&body](cancel_scope& s) -> task<> {
        if constexpr (std::invocable<Body&, cancel_scope&>) {
            co_await body(s);
        } else {
            co_await body();
        }
    };
    co_await with(scope, run);
    co_return !scope.cancelled_caught();
}

/// Awaits `body` for at most `limit`; then every await inside that would wait throws cancelled_error until the body has ended, and this
/// goes on.
/// @param body  a coroutine function, kept with its captures; it may take the cancel_scope&
/// @return awaited: whether the body finished  @throws awaited: what the body throws
/// @see trio.move_on_after, cancel_scope; `timeout` and wait_for() throw instead
template <class Rep, class Period, class Body>
    requires scope_body<std::decay_t<Body>>
task<bool> move_on_after(std::chrono::duration<Rep, Period> limit, Body&& body) {
    return move_on<std::decay_t<Body>>(to_nanos(limit), false, std::forward<Body>(body));
}
/// The same until `when`, by the loop's clock. @see trio.move_on_at
template <class Body>
    requires scope_body<std::decay_t<Body>>
task<bool> move_on_at(clock::time_point when, Body&& body) {
    return move_on<std::decay_t<Body>>(to_nanos(when), true, std::forward<Body>(body));
}

}  // namespace weft::inline v0
