// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>

#include <coroutine>
#include <utility>

namespace weft::inline v0 {

/// An awaitable that is there already, for functions that must give one and need not wait.
template <class T = void>
class immediate : public native_awaiter {
public:
    explicit immediate(T value) : value_(std::forward<T>(value)) {}
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    T await_resume() { return std::forward<T>(value_); }

private:
    T value_;
};
template <>
class immediate<void> : public native_awaiter {
public:
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}
};

}  // namespace weft::inline v0
