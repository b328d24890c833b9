// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/loop/context.hpp>
#include <weft/loop/future_core.hpp>
#include <weft/loop/waiter.hpp>

#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// @throws no_running_loop_error
event_loop& get_running_loop();

/// A cancelled_error, rather than an error.
bool is_cancellation(const std::exception_ptr& error) noexcept;

/// Suspends a task until a future is done. Cancelling the task cancels the future, as in asyncio, and waits for it to end.
/// @throws awaited: invalid_state_error  the future is another loop's, or that of the task itself
class future_waiter : public waiter, public future_listener {
public:
    explicit future_waiter(future_reference<future_core> f) noexcept
        : waiter(kind_), future_listener(notify_), future_(std::move(f)) {}

    bool await_ready() const noexcept { return future_->done(); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        require_awaitable_in(*h.promise().running_in());
        if (!this->suspend(h) && !cancel_instead(h.promise())) [[unlikely]]
            return false;
        future_->listen(*this);
        return true;
    }
    void start() {
        require_awaitable_in(*task());
        if (future_->done()) return wake();
        future_->listen(*this);
    }
    void abandon() noexcept { future_listener::unlink(); }

protected:
    void resumed() {
        if (future_->cancelled() && task() && task()->yields_to_cancellation_of_awaited()) [[unlikely]]
            return;
        waiter::resumed();
    }
    future_core& awaited() const noexcept { return *future_; }

private:
    static const wait_kind kind_;
    static void notify_(future_listener& l, future_core*) { static_cast<future_waiter&>(l).wake(); }
    /// @throws invalid_state_error  the future is another loop's, or the task's own
    void require_awaitable_in(const execution& e) const {
        if (!future_->may_be_awaited_in(e)) [[unlikely]]
            refuse(e);
    }
    void refuse(const execution& e) const;
    bool cancel_instead(promise_base& awaiting);

    future_reference<future_core> future_;
};

/// Suspends a task until a future is done and leaves it alone: cancelling the task only ends the wait.
class done_awaiter : public waiter, public future_listener {
public:
    explicit done_awaiter(future_core& f) noexcept : waiter(kind_), future_listener(notify_), future_(&f) {}

    bool await_ready() const noexcept { return future_->done(); }
    void start() { future_->listen(*this); }
    void await_resume() { this->resumed(); }

private:
    static const wait_kind kind_;
    static void notify_(future_listener& l, future_core*) { static_cast<done_awaiter&>(l).wake(); }

    future_core* future_;
};

template <class T>
class task_handle;

[[noreturn, gnu::cold]] void throw_moved_from();

/// The result of something that is still to come. Copies share one state; it is awaited by any number of tasks:
/// `co_await f` copies the result, `co_await std::move(f)` moves it out and wants to be the only owner. One that was moved
/// from refers to none: what is asked of it throws invalid_state_error.
/// @thread its loop's  @see asyncio.Future
template <class T = void>
class [[nodiscard]] future {
public:
    using value_type = T;

    /// A pending future of the running loop. @throws no_running_loop_error
    future() : future(get_running_loop()) {}
    explicit future(event_loop& loop) : state_(*new promised_state<T>(loop)) {}

    bool done() const { return state().done(); }
    bool cancelled() const { return state().cancelled(); }

    /// @throws invalid_state_error (not done), cancelled_error, or what the future failed with
    std::add_lvalue_reference_t<const T> result() const { return state().peek(); }

    /// What it failed with; null if it has a value. @throws invalid_state_error, cancelled_error
    std::exception_ptr exception() const { return state().exception(); }

    /// @throws invalid_state_error  it is done already
    template <class... U>
    void set_result(U&&... value) const {
        state().set_result(std::forward<U>(value)...);
    }
    /// @param error  an exception object, or a std::exception_ptr that is not null
    template <class E>
    void set_exception(E&& error) const {
        if constexpr (std::is_same_v<std::remove_cvref_t<E>, std::exception_ptr>) {
            state().set_exception(std::forward<E>(error));
        } else {
            state().set_exception(std::make_exception_ptr(std::forward<E>(error)));
        }
    }

    /// @return false if it is done already
    bool cancel(std::string message = {}) const { return state().cancel(std::move(message)); }

    /// Calls `f(future)` soon after it is done, in `context` if one is given, else in a copy of the present one.
    /// @return a token for remove_done_callback
    template <class F>
    std::uint64_t add_done_callback(F f, std::optional<weft::context> context = std::nullopt) const {
        return state().add_callback(
            [f = std::move(f)](future_core& done) mutable { f(future(static_cast<future_state<T>&>(done))); },
            std::move(context));
    }
    /// @return whether it was still registered
    bool remove_done_callback(std::uint64_t token) const { return state().remove_callback(token); }

    /// @throws invalid_state_error  it is closed
    event_loop& get_loop() const { return state().require_loop(); }

    /// Whether two are one, whatever became of it: which of those that were given is in `done`.
    friend bool operator==(const future& a, const future& b) noexcept {
        return a.state_.operator->() == b.state_.operator->();
    }

    class awaiter;
    awaiter operator co_await() const&;
    class moving_awaiter;
    moving_awaiter operator co_await() &&;

    /// For the library's own combinators.
    future_state<T>& state() const {
        if (!state_) [[unlikely]]
            throw_moved_from();
        return *state_;
    }

protected:
    explicit future(future_state<T>& s) noexcept : state_(s) {}
    future_reference<future_state<T>> state_;
};

template <class T>
class future<T>::awaiter : public future_waiter {
public:
    using future_waiter::future_waiter;
    std::conditional_t<std::is_reference_v<T>, T, std::remove_cv_t<T>> await_resume() {
        this->resumed();
        return static_cast<future_state<T>&>(awaited()).peek();
    }
};

template <class T>
class future<T>::moving_awaiter : public future_waiter {
public:
    using future_waiter::future_waiter;
    T await_resume() {
        this->resumed();
        auto& state = static_cast<future_state<T>&>(awaited());
        if constexpr (std::is_copy_constructible_v<T>) {
            if (!state.has_one_reference()) return state.peek();
        } else if constexpr (!std::is_void_v<T>) {
            if (!state.has_one_reference()) {
                throw invalid_state_error("co_await std::move(future): another copy of the future exists, and its "
                                          "result can only be moved");
            }
        }
        return state.take();
    }
};

template <class T>
typename future<T>::awaiter future<T>::operator co_await() const& {
    static_assert(std::is_void_v<T> || std::is_reference_v<T> || std::is_copy_constructible_v<T>,
                  "weft: this result cannot be copied: write co_await std::move(f)");
    return awaiter(future_reference<future_core>(state()));
}
template <class T>
typename future<T>::moving_awaiter future<T>::operator co_await() && {
    (void)state();
    return moving_awaiter(std::move(state_));
}

}  // namespace weft::inline v0
