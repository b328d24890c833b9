// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/promise_base.hpp>
#include <weft/coro/result.hpp>
#include <weft/coro/trace_exception.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <variant>

namespace weft::inline v0 {

template <class T = void>
class task;

/// Where a coroutine stands. @see inspect.getcoroutinestate
enum class coroutine_state { created, running, suspended, closed };

/// A void result where a value is needed: std::monostate; a reference as a pointer; anything else as itself.
template <class T>
using value_of =
    std::conditional_t<std::is_void_v<T>, std::monostate,
                       std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<std::remove_reference_t<T>>, T>>;

/// A task goes whose body never ran: the running loop reports it, in debug mode. (The loop's part of the library has it.)
void report_never_awaited(const promise_base& body) noexcept;

/// What a task's promise and its void twin share.
template <class T>
class task_promise_base : public awaiting_promise {
public:
    task<T> get_return_object() noexcept;
    std::suspend_always initial_suspend(std::source_location where = std::source_location::current()) noexcept {
        stand_at(where);
        return {};
    }
    final_awaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { result_.set_exception(exception_leaving(this->where())); }

    template <class U>
    std::suspend_never yield_value(U&&) {
        static_assert(std::is_void_v<U>, "weft: co_yield in a task: make the function return weft::generator<T>, or "
                                         "weft::async_generator<T> if it awaits as well");
        return {};
    }

    result<T>& outcome() noexcept { return result_; }

protected:
    result<T> result_;
};

template <class T>
class task_promise final : public task_promise_base<T> {
public:
    template <class U = T>
        requires std::is_convertible_v<U&&, T>
    void return_value(U&& value) {
        this->result_.set_value(std::forward<U>(value));
    }
};
template <>
class task_promise<void> final : public task_promise_base<void> {
public:
    void return_void() const noexcept {}
};

[[noreturn, gnu::cold]] void throw_not_awaitable(bool started_by_step);

/// A coroutine: Python's `async def`. Lazy: the body runs only when it is awaited, given to create_task() or run(), or
/// stepped by hand. Move-only, awaited once, and only as an rvalue: `co_await compute()`, `co_await std::move(t)`.
/// Destroying a suspended task destroys its frames innermost first; a task that never ran just goes.
///
/// `T`: void, a value (move-only too, aligned no stricter than std::max_align_t) or a reference.
/// @thread one at a time; created on one thread it may run on another  @cost one recycled block per frame
/// @see asyncio coroutines, PEP 492
template <class T>
class [[nodiscard("a task does nothing until it is awaited: co_await it, or give it to create_task()")]] task {
public:
    using promise_type = task_promise<T>;
    using value_type = T;

    task() noexcept = default;
    task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        const task old(std::exchange(handle_, std::exchange(other.handle_, nullptr)));
        return *this;
    }
    ~task() {
        if (handle_) [[unlikely]]
            reset();
    }

    /// False for a moved-from or awaited task.
    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

    /// Runs the body without a loop up to its next suspension. Exceptions of the body pass through.
    /// @return the result once it has finished (std::monostate for void, a pointer for a reference); empty before
    /// @throws invalid_state_error  it has finished before, or is running
    /// @see coroutine.send(None)
    std::optional<value_of<T>> step();

    coroutine_state state() const noexcept;

    /// The co_await where it is suspended; before it ran, its first line (compiled by GCC 14: its last).
    /// @throws invalid_state_error  it was moved from or awaited
    std::source_location where() const;

    class awaiter;
    awaiter operator co_await() &&;
    void operator co_await() & = delete;  // "await a task once: co_await std::move(t)"

    // For the message alone.
    template <class Range = T>
    void begin() const {
        static_assert(std::is_same_v<Range, task>,
                      "weft: range-for over a task: a task gives one result, and is awaited; "
                      "to give several, make the function return weft::generator<T>, or "
                      "weft::async_generator<T> and write while (auto x = co_await g.next())");
    }
    template <class Range = T>
    void end() const {}

    /// For schedulers: the frame, now the caller's to destroy (promise_base::destroy_chain).
    [[nodiscard]] std::coroutine_handle<promise_type> release() noexcept {
        auto h = std::exchange(handle_, nullptr);
        return h ? std::coroutine_handle<promise_type>::from_address(h.address())
                 : std::coroutine_handle<promise_type>();
    }

private:
    friend class task_promise_base<T>;
    explicit task(std::coroutine_handle<> h) noexcept : handle_(h) {}

    promise_type& promise() const noexcept {
        return std::coroutine_handle<promise_type>::from_address(handle_.address()).promise();
    }
    void reset() noexcept;

    std::coroutine_handle<> handle_;  // untyped: the awaited frame's owner_ points at a handle of this kind
};

/// Owns the awaited frame from the co_await on, in the awaiting frame.
template <class T>
class task<T>::awaiter : public native_awaiter {
public:
    explicit awaiter(task&& t) noexcept : handle_(std::exchange(t.handle_, nullptr)) {}
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    ~awaiter() {
        if (!handle_) return;
        if (handle_.done()) [[likely]] {
            handle_.destroy();
        } else {
            promise_base::destroy_chain(promise());
        }
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
        static_assert(std::is_base_of_v<promise_base, Promise>,
                      "weft: a task can be awaited only inside a weft coroutine; elsewhere use weft::run(), "
                      "create_task() or task::step()");
        promise_base& parent = awaiting.promise();
        parent.await(promise(), handle_);
        return parent.running_in()->transfer_to(handle_);
    }
    T await_resume() {
        promise_type& p = promise();
        p.awaiter()->awaited_finished();
        return p.outcome().take();
    }

private:
    promise_type& promise() const noexcept {
        return std::coroutine_handle<promise_type>::from_address(handle_.address()).promise();
    }
    std::coroutine_handle<> handle_;
};

/// The execution behind step(): wakes nobody, for there is no loop.
class stepped_execution final : public execution, public recycled {
public:
    stepped_execution() noexcept : execution(kind) {}
    static const execution_kind kind;
};

template <class T>
task<T> task_promise_base<T>::get_return_object() noexcept {
    using promise = task_promise<T>;
    static_assert(alignof(promise) <= alignof(std::max_align_t),
                  "weft: a task's result may not be aligned more strictly than std::max_align_t; return a unique_ptr");
    return task<T>(std::coroutine_handle<promise>::from_promise(static_cast<promise&>(*this)));
}

template <class T>
typename task<T>::awaiter task<T>::operator co_await() && {
    // Here and not in await_ready(): what is refused stays with its owner.
    if (!handle_ || promise().running_in()) [[unlikely]]
        throw_not_awaitable(static_cast<bool>(handle_));
    return awaiter(std::move(*this));
}

template <class T>
[[gnu::noinline]] void task<T>::reset() noexcept {
    if (!handle_) return;
    promise_type& p = promise();
    const std::coroutine_handle<> frame = std::exchange(handle_, nullptr);  // a destructor in it may look at this
    execution* const stepper = p.running_in();
    if (!stepper) {
        report_never_awaited(p);
        return promise_base::destroy_unstarted(p, frame);
    }
    if (frame.done()) {
        frame.destroy();
    } else {
        promise_base::destroy_chain(p);
    }
    delete static_cast<stepped_execution*>(stepper);  // a task object owns a started frame only if step() started it
}

template <class T>
std::optional<value_of<T>> task<T>::step() {
    if (!handle_ || handle_.done()) throw invalid_state_error("cannot reuse already awaited coroutine");
    if (state() == coroutine_state::running) throw invalid_state_error("coroutine already executing");
    if (!promise().running_in()) {
        auto* e = new stepped_execution;
        promise().run_in(*e);
        e->suspend_at(handle_);
    }
    execution& e = *promise().running_in();
    e.resume();
    if (!e.finished()) return std::nullopt;
    if constexpr (std::is_void_v<T>) {
        promise().outcome().take();
        return std::monostate{};
    } else if constexpr (std::is_reference_v<T>) {
        return std::addressof(promise().outcome().take());
    } else {
        return promise().outcome().take();
    }
}

template <class T>
coroutine_state task<T>::state() const noexcept {
    if (!handle_ || handle_.done()) return coroutine_state::closed;
    const execution* e = promise().running_in();
    if (!e) return coroutine_state::created;
    return e->suspended() ? coroutine_state::suspended : coroutine_state::running;
}

template <class T>
std::source_location task<T>::where() const {
    if (!handle_) throw invalid_state_error("where: the task was moved from or awaited");
    return promise().where();
}

}  // namespace weft::inline v0
