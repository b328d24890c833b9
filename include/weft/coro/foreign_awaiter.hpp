// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>
#include <weft/coro/execution.hpp>
#include <weft/coro/frame_memory.hpp>

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

// Awaiting what knows nothing of weft: another library's awaiter, or std::suspend_always.

namespace weft::inline v0 {

/// `co_await std::suspend_always{}`: lets go for one turn. Under a loop the task stays ready, as with a bare `yield` in a
/// Python coroutine; by hand, step() returns and the next step() goes on.
class bare_yield : public native_awaiter {
public:
    bare_yield() noexcept = default;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
        execution_ = h.promise().running_in();
        execution_->suspend_at(h);
        if (execution_->loop()) execution_->wake();
    }
    void await_resume() const { execution_->check_cancellation(); }

private:
    execution* execution_ = nullptr;
};

/// The coroutine a foreign awaiter is given to resume: it wakes the execution, whatever thread it is resumed on, instead
/// of running the task inside the foreigner's call.
class wake_stub {
public:
    struct promise_type : recycled {
        wake_stub get_return_object() { return wake_stub(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_always final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };

    static wake_stub make(execution& e) { co_await waking{e}; }
    wake_stub(wake_stub&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    wake_stub& operator=(wake_stub&&) = delete;
    ~wake_stub() {
        if (handle_) handle_.destroy();
    }
    std::coroutine_handle<> handle() const noexcept { return handle_; }

private:
    /// Wakes when the stub is suspended already: from then on the task, on its loop's thread, may destroy the stub.
    struct waking {
        execution& woken;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<>) const { woken.wake(); }
        void await_resume() const noexcept {}
    };
    explicit wake_stub(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    std::coroutine_handle<promise_type> handle_;
};

/// Adapts the awaitable `A`. A cancellation cannot reach into it: it is raised at the next await after this one.
/// The frame must not be destroyed while the foreigner still means to resume it. Cost: one recycled small frame.
template <class A>
class foreign_awaiter : public native_awaiter {
public:
    foreign_awaiter(A&& a, execution& e) : awaiter_(get_awaiter(std::forward<A>(a))), stub_(wake_stub::make(e)) {}

    bool await_ready() { return awaiter_.await_ready(); }

    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) {
        execution& e = *h.promise().running_in();
        e.suspend_at(h);  // before the foreigner may resume, which can be at once and on another thread
        using returned = decltype(awaiter_.await_suspend(stub_.handle()));
        if constexpr (std::is_void_v<returned>) {
            awaiter_.await_suspend(stub_.handle());
            return std::noop_coroutine();
        } else if constexpr (std::is_same_v<returned, bool>) {
            return awaiter_.await_suspend(stub_.handle()) ? std::noop_coroutine() : e.transfer_to(h);
        } else {
            std::coroutine_handle<> next = awaiter_.await_suspend(stub_.handle());
            next.resume();  // the stub itself, or the foreigner's own coroutine, which returns here when it suspends
            return std::noop_coroutine();
        }
    }

    decltype(auto) await_resume() { return awaiter_.await_resume(); }

private:
    using held = decltype(get_awaiter(std::declval<A>()));
    held awaiter_;  // a reference to a temporary of the same full expression, or the awaiter itself
    wake_stub stub_;
};

}  // namespace weft::inline v0
