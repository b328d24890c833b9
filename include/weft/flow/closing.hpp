// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>
#include <weft/coro/task.hpp>

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// A context that closes something at its end: a generator, an async generator, or whatever else has close(), awaitable or
/// not. What `del` does to a Python generator: its `catch` blocks run, and what they throw arrives.
///
///     co_await with(closing(lines(s)), [](async_generator<std::string>& g) -> task<> { … });
///
/// An lvalue is referred to, a temporary kept. @see contextlib.closing, contextlib.aclosing
template <class T>
    requires requires(std::remove_reference_t<T>& closed) { closed.close(); }
class closing {
    using closed = std::remove_reference_t<T>;

public:
    explicit closing(T&& t) : closed_(std::forward<T>(t)) {}

    /// Gives what is to be closed, at once.
    class entering : public native_awaiter {
    public:
        explicit entering(closed& c) noexcept : closed_(c) {}
        bool await_ready() const noexcept { return true; }
        void await_suspend(std::coroutine_handle<>) const noexcept {}
        closed& await_resume() const noexcept { return closed_; }

    private:
        closed& closed_;
    };
    entering enter() noexcept { return entering(closed_); }
    task<> exit(std::exception_ptr) {
        if constexpr (requires {
                          { closed_.close() } -> awaitable;
                      }) {
            co_await closed_.close();
        } else {
            closed_.close();
        }
        co_return;
    }

private:
    T closed_;
};
template <class T>
closing(T&&) -> closing<T>;

}  // namespace weft::inline v0
