// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/generator.hpp>
#include <weft/coro/task.hpp>
#include <weft/loop/future.hpp>

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// Runs a generator that yields futures as a task: each future is awaited, and what comes of it goes back in, the result
/// as the value of the co_yield, an exception or cancellation raised there. Coroutines as they were before `await`.
///
///     generator<future<int>, int, int> sum(…) { int a = co_yield first; int b = co_yield second; co_return a + b; }
///     int s = co_await as_task(sum(…));
///
/// @return awaited: what the generator returns  @throws awaited: what comes out of it
/// @see tornado.gen.coroutine
template <class T, class R>
    requires(std::is_void_v<T> || std::default_initializable<T>)
task<R> as_task(generator<future<T>, T, R> g) {
    for (auto pending = g.next(); pending;) {
        std::exception_ptr error;
        result<T> outcome;
        try {
            if constexpr (std::is_void_v<T>) {
                co_await *pending;
            } else if constexpr (std::copy_constructible<T>) {
                outcome.set_value(co_await *pending);
            } else {
                outcome.set_value(co_await std::move(*pending));
            }
        } catch (...) {
            error = std::current_exception();
        }
        if (error) {
            pending = g.raise(std::move(error));
        } else if constexpr (std::is_void_v<T>) {
            pending = g.next();
        } else {
            pending = g.send(outcome.take());
        }
    }
    co_return std::move(g).result();
}

}  // namespace weft::inline v0
