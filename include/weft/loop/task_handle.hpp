// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/loop/context.hpp>
#include <weft/loop/future.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::inline v0 {

struct task_options {
    std::string name = {};  ///< "Task-7" if empty
    /// The context it runs in, and may change; unset: a copy of its creator's.
    std::optional<weft::context> context = std::nullopt;
    /// Runs up to its first suspension at once, within create_task(); one that never waits is done when that returns.
    bool eager_start = false;
};

/// A task of coroutine frames: its place in the loop, and the future that receives its result.
template <class T>
class task_state final : public future_state<T>, public task_core {
public:
    task_state(event_loop& loop, task<T>& body, std::source_location created_at) noexcept
        : future_state<T>(body.release()), task_core(kind_, loop) {
        this->body_.promise().run_in(*this);
        this->body_.promise().created_at(created_at);
        this->suspend_at(this->body_);
    }
    ~task_state() override {
        if (!this->holds_result_) [[unlikely]]
            end_unfinished();
    }

    event_loop* loop_or_null() const noexcept override { return task_core::loop(); }
    bool may_be_awaited_in(const execution& e) const noexcept override {
        return e.loop() == task_core::loop() && &e != this;
    }

    bool cancel(std::string message) override { return task_core::cancel(std::move(message)); }
    task_core* task() noexcept override { return this; }

private:
    using state = typename future_core::status;
    static task_state& self(task_core& t) noexcept { return static_cast<task_state&>(t); }

    task_promise<T>* promise() const noexcept {
        return this->holds_result_ || !this->body_ ? nullptr : &this->body_.promise();
    }
    [[gnu::noinline]] void end_unfinished() noexcept {
        destroy_body();
        leave_registry();
    }
    void destroy_body() noexcept {
        task_promise<T>* const p = promise();
        if (!p) return;
        this->body_ = nullptr;
        p->disown();
        promise_base::destroy_chain(*p);
    }

    void finish() noexcept {
        const auto body = this->begin_result();
        result<T>& outcome = body.promise().outcome();
        if (outcome.exception()) [[unlikely]]
            return fail_at_end(body, outcome.exception());
        if constexpr (std::is_void_v<T>) {
        } else if constexpr (std::is_nothrow_constructible_v<value_of<T>, value_of<T>&&>) {
            this->result_.set_value(outcome.take());
        } else {
            try {
                this->result_.set_value(outcome.take());
            } catch (...) {
                return fail_at_end(body, std::current_exception());  // the result's own move failed
            }
        }
        body.destroy();
        if (was_cancelled_at_the_end()) [[unlikely]]
            return be_cancelled();
        this->complete(state::finished);
        this->drop_reference();
    }
    [[gnu::noinline]] void fail_at_end(typename future_state<T>::body_handle body,
                                       const std::exception_ptr& reason) noexcept {
        const std::exception_ptr error = reason;  // a copy: it may be the body's
        const std::source_location created_at = body.promise().created_at();
        body.destroy();
        fail(error, created_at);
    }
    [[gnu::noinline]] void be_cancelled() noexcept { fail(cancellation_at_the_end(), {}); }
    void fail(const std::exception_ptr& error, std::source_location created_at) noexcept {
        if (is_cancellation(error)) {
            this->keep_cancellation(error);
            keep_trace(error, static_cast<future_core*>(this));
            this->complete(state::cancelled);
        } else {
            this->result_.set_exception(error);
            this->complete_with_exception(created_at);
        }
        this->drop_reference();
    }
    void finish_unstarted() noexcept {
        task_promise<T>& body = this->begin_result().promise();
        body.disown();
        promise_base::destroy_chain(body);
        be_cancelled();
    }
    void destroy_suspended() noexcept {
        destroy_body();
        this->maker_is_destroyed();
        this->drop_reference();
    }

    static const task_kind kind_;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"  // no member is of a virtual base: these are constants
template <class T>
constexpr task_kind task_state<T>::kind_ = {
    {.wake = &task_core::wake_from_anywhere,
     .check_cancellation = &task_core::check_cancellation,
     .async_generators = &task_core::async_generator_hooks_of_tasks},
    /* resume: */ nullptr,
    /* finish: */ [](task_core& t) noexcept { self(t).finish(); },
    /* finish_unstarted: */ [](task_core& t) noexcept { self(t).finish_unstarted(); },
    /* destroy: */ [](task_core& t) noexcept { self(t).destroy_suspended(); },
    /* outermost: */ [](task_core& t) noexcept -> promise_base* { return self(t).promise(); },
    /* future: */ [](task_core& t) noexcept -> future_core& { return self(t); },
    // A task_core begins with the link of its ready_node, a task_state with its future.
    /* to_body: */ static_cast<std::int32_t>(offsetof(task_state, body_)) -
        static_cast<std::int32_t>(offsetof(task_state, next)),
    /* to_future: */ -static_cast<std::int32_t>(offsetof(task_state, next)),
};
#pragma GCC diagnostic pop

/// A scheduled task: a future of its result that can also be named, cancelled and looked into. Copies refer to the same
/// task. Dropping it detaches: the loop owns the task until it is done, and an exception that nobody retrieves goes to
/// the loop's exception handler.
/// @thread its loop's  @see asyncio.Task
template <class T = void>
class [[nodiscard("dropping a task_handle detaches the task: use spawn() to say so")]] task_handle : public future<T> {
public:
    explicit task_handle(task_state<T>& s) noexcept : future<T>(s) {}

    std::string name() const { return core().name(); }
    void set_name(std::string name) const { core().set_name(std::move(name)); }

    /// Requests cancellation: one cancelled_error at the await where the task waits.
    /// @return false if it is done already  @see asyncio.Task.cancel
    bool cancel(std::string message = {}) const { return this->state().cancel(std::move(message)); }
    unsigned cancelling() const { return core().cancelling(); }
    unsigned uncancel() const { return core().uncancel(); }
    /// What its context variables are set to. @see asyncio.Task.get_context
    weft::context context() const { return core().shared_context(); }

    /// Where the task stands: outermost coroutine first. Empty once it is done.
    std::vector<stack_frame> stack() const { return await_chain(core().kind().outermost(core())); }
    /// The same as text, to stderr.
    void print_stack() const;

    task_core& core() const { return static_cast<task_state<T>&>(this->state()); }

private:
    using future<T>::set_result;  // a task's result is its own
    using future<T>::set_exception;
};

[[noreturn, gnu::cold]] void throw_no_running_loop(const char* who);
/// The running loop, for a new task. @throws no_running_loop_error
inline event_loop& loop_for_new_task(const char* who) {
    if (!this_thread_loop) [[unlikely]]
        throw_no_running_loop(who);
    return *this_thread_loop;
}
/// Gives `t`, whose future is `f`, to the loop, in a copy of the present context.
/// @throws invalid_state_error  the loop is closed
void schedule_new_task(event_loop& loop, task_core& t, future_core& f);
void schedule_new_task(event_loop& loop, task_core& t, future_core& f, task_options&& options);
[[noreturn, gnu::cold]] void refuse_new_task(bool started_by_step);
void print_stack(const task_core& t);

template <class T>
task_handle<T> new_task(event_loop& loop, task<T>& body, std::source_location created_at) {
    if (!body || body.state() != coroutine_state::created) [[unlikely]]
        refuse_new_task(static_cast<bool>(body));
    return task_handle<T>(*new task_state<T>(loop, body, created_at));
}

template <class T>
task_handle<T> create_task_on(event_loop& loop, task<T> body,
                              std::source_location created_at = std::source_location::current()) {
    task_handle<T> handle = new_task(loop, body, created_at);
    schedule_new_task(loop, handle.core(), handle.state());
    return handle;
}
template <class T>
task_handle<T> create_task_on(event_loop& loop, task<T> body, task_options options,
                              std::source_location created_at = std::source_location::current()) {
    task_handle<T> handle = new_task(loop, body, created_at);
    schedule_new_task(loop, handle.core(), handle.state(), std::move(options));
    return handle;
}

/// Schedules `body` on the running loop; it starts in the loop's next turn.
/// @param created_at  what reports say of the task's origin: leave it to its default
/// @throws no_running_loop_error  @see asyncio.create_task
template <class T>
task_handle<T> create_task(task<T> body, std::source_location created_at = std::source_location::current()) {
    return create_task_on(loop_for_new_task("create_task"), std::move(body), created_at);
}
template <class T>
task_handle<T> create_task(task<T> body, task_options options,
                           std::source_location created_at = std::source_location::current()) {
    return create_task_on(loop_for_new_task("create_task"), std::move(body), std::move(options), created_at);
}

template <class A>
concept task_operation = requires(A&& a) { to_task(std::forward<A>(a)); };

/// Schedules an operation that can be made a task, such as `sleep(1s)`.
template <task_operation A>
auto create_task(A&& operation, std::source_location created_at = std::source_location::current()) {
    return create_task(to_task(std::forward<A>(operation)), created_at);
}
template <task_operation A>
auto create_task(A&& operation, task_options options,
                 std::source_location created_at = std::source_location::current()) {
    return create_task(to_task(std::forward<A>(operation)), std::move(options), created_at);
}

/// Keeps a callable and its arguments alive, as copies, for as long as the coroutine they make. As with std::thread the
/// copies are passed as rvalues, so that a parameter by value may be move-only.
template <class F, class... Args>
auto call_keeping(F f, Args... args) -> std::invoke_result_t<F&, Args...> {
    if constexpr (requires { f(std::move(args)...); }) {
        // Called here, not by std::invoke: what the arguments are converted to on the way ("text" to a std::string) must
        // live as long as the await.
        co_return co_await f(std::move(args)...);
    } else {
        co_return co_await std::invoke(f, std::move(args)...);
    }
}

template <class F, class... Args>
concept coroutine_call = requires(std::decay_t<F>& f, std::decay_t<Args>... args) {
    { std::invoke(f, std::move(args)...) } -> awaitable;
    typename std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>...>::promise_type;
};

template <class F, class... Args>
auto create_call_task(std::source_location created_at, F&& f, Args&&... args) {
    return create_task(
        call_keeping<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(f), std::forward<Args>(args)...),
        created_at);
}

/// Schedules `f(args…)`. The callable (a lambda with captures, too) and the arguments are copied or moved into the task
/// and live as long as it; pass std::ref(x) to refer to x on purpose.
/// @param created_at  as above; C++ has no way to know it behind a list of any length: with more than two arguments
///                    reports leave it out
template <class F>
    requires coroutine_call<F>
auto create_task(F&& f, std::source_location created_at = std::source_location::current()) {
    return create_call_task(created_at, std::forward<F>(f));
}
template <class F, class A>
    requires coroutine_call<F, A>
auto create_task(F&& f, A&& a, std::source_location created_at = std::source_location::current()) {
    return create_call_task(created_at, std::forward<F>(f), std::forward<A>(a));
}
template <class F, class A, class B>
    requires coroutine_call<F, A, B>
auto create_task(F&& f, A&& a, B&& b, std::source_location created_at = std::source_location::current()) {
    return create_call_task(created_at, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b));
}
template <class F, class... Args>
    requires(sizeof...(Args) > 2) && coroutine_call<F, Args...>
auto create_task(F&& f, Args&&... args) {
    return create_call_task({}, std::forward<F>(f), std::forward<Args>(args)...);
}

/// create_task() without a handle: nobody waits for it; what it throws goes to the loop's exception handler.
template <class T>
void spawn(task<T> body, std::source_location created_at = std::source_location::current()) {
    (void)create_task(std::move(body), created_at);
}
template <class T>
void spawn(task<T> body, task_options options, std::source_location created_at = std::source_location::current()) {
    (void)create_task(std::move(body), std::move(options), created_at);
}
template <class F>
    requires coroutine_call<F>
void spawn(F&& f, std::source_location created_at = std::source_location::current()) {
    (void)create_call_task(created_at, std::forward<F>(f));
}
template <class F, class A>
    requires coroutine_call<F, A>
void spawn(F&& f, A&& a, std::source_location created_at = std::source_location::current()) {
    (void)create_call_task(created_at, std::forward<F>(f), std::forward<A>(a));
}
template <class F, class A, class B>
    requires coroutine_call<F, A, B>
void spawn(F&& f, A&& a, B&& b, std::source_location created_at = std::source_location::current()) {
    (void)create_call_task(created_at, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b));
}
template <class F, class... Args>
    requires(sizeof...(Args) > 2) && coroutine_call<F, Args...>
void spawn(F&& f, Args&&... args) {
    (void)create_call_task({}, std::forward<F>(f), std::forward<Args>(args)...);
}

template <class T>
void task_handle<T>::print_stack() const {
    weft::print_stack(core());
}

}  // namespace weft::inline v0
