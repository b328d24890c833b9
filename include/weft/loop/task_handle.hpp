// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/coro/traceback.hpp>
#include <weft/loop/context.hpp>
#include <weft/loop/future.hpp>

#include <concepts>
#include <functional>
#include <optional>
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
    task_state(event_loop& loop, task<T>&& body, std::uint64_t id)
        : future_state<T>(loop), task_core(kind_, loop, id), body_(body.release()) {
        body_.promise().run_in(*this);
        this->suspend_at(body_);
        this->add_reference();  // the loop's own, until it is done
    }
    ~task_state() override {
        if (body_) promise_base::destroy_chain(body_.promise());
    }

    bool cancel(std::string message) override { return task_core::cancel(std::move(message)); }
    task_core* task() noexcept override { return this; }

private:
    using state = typename future_core::status;
    static task_state& self(task_core& t) noexcept { return static_cast<task_state&>(t); }

    void finish() noexcept {
        std::exception_ptr error = body_.promise().outcome().exception();
        if (!error) {
            try {
                if constexpr (std::is_void_v<T>) {
                    this->result_.set_value();
                } else {
                    this->result_.set_value(body_.promise().outcome().take());
                }
            } catch (...) {
                error = std::current_exception();  // the result's own move failed
            }
        }
        std::exchange(body_, nullptr).destroy();
        if (!error && was_cancelled_at_the_end()) error = cancellation_at_the_end();
        end(error);
    }
    void end(const std::exception_ptr& error) noexcept {
        if (!error) {
            this->complete(state::finished);
        } else if (is_cancellation(error)) {
            this->keep_cancellation(error);
            this->complete(state::cancelled);
        } else {
            this->result_.set_exception(error);
            this->complete_with_exception();
        }
        this->drop_reference();
    }
    void finish_unstarted() noexcept {
        promise_base::destroy_chain(std::exchange(body_, nullptr).promise());
        end(cancellation_at_the_end());
    }
    void destroy_suspended() noexcept {
        if (body_) promise_base::destroy_chain(std::exchange(body_, nullptr).promise());
        this->drop_reference();
    }

    static constexpr task_kind kind_ = {
        {.wake = &task_core::wake_from_anywhere,
         .check_cancellation = &task_core::check_cancellation,
         .async_generators = &task_core::async_generator_hooks_of_tasks},
        [](task_core& t) { t.execution::resume(); },
        [](task_core& t) noexcept { self(t).finish(); },
        [](task_core& t) noexcept { self(t).finish_unstarted(); },
        [](task_core& t) noexcept { self(t).destroy_suspended(); },
        [](task_core& t) noexcept -> promise_base* { return self(t).body_ ? &self(t).body_.promise() : nullptr; },
        [](task_core& t) noexcept -> future_core& { return self(t); },
    };

    std::coroutine_handle<task_promise<T>> body_;
};

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
    bool cancel(std::string message = {}) const { return this->state_->cancel(std::move(message)); }
    unsigned cancelling() const noexcept { return core().cancelling(); }
    unsigned uncancel() const noexcept { return core().uncancel(); }
    /// What its context variables are set to. @see asyncio.Task.get_context
    weft::context context() const { return core().shared_context(); }

    /// Where the task stands: outermost coroutine first. Empty once it is done.
    std::vector<stack_frame> stack() const { return await_chain(core().kind().outermost(core())); }
    /// The same as text, to stderr.
    void print_stack() const;

    task_core& core() const noexcept { return *this->state_->task(); }

private:
    using future<T>::set_result;  // a task's result is its own
    using future<T>::set_exception;
};

/// The running loop, for a new task. @throws no_running_loop_error
event_loop& loop_for_new_task(const char* who);
/// @throws invalid_state_error  the loop is closed
std::uint64_t next_task_id(event_loop& loop);
void schedule_new_task(event_loop& loop, task_core& t, task_options&& options);
void print_stack(const task_core& t);

template <class T>
task_handle<T> create_task_on(event_loop& loop, task<T> body, task_options options = {}) {
    if (!body) throw invalid_state_error("create_task: the task was moved from or awaited");
    if (body.state() != coroutine_state::created) {
        throw invalid_state_error("create_task: coroutine was already started by step()");
    }
    auto* s = new task_state<T>(loop, std::move(body), next_task_id(loop));
    task_handle<T> handle(*s);
    schedule_new_task(loop, *s, std::move(options));
    return handle;
}

/// Schedules `body` on the running loop; it starts in the loop's next turn.
/// @throws no_running_loop_error  @see asyncio.create_task
template <class T>
task_handle<T> create_task(task<T> body, task_options options = {}) {
    return create_task_on(loop_for_new_task("create_task"), std::move(body), std::move(options));
}

/// Schedules an operation that can be made a task, such as `sleep(1s)`.
template <class A>
    requires requires(A&& a) { to_task(std::forward<A>(a)); }
auto create_task(A&& operation, task_options options = {}) {
    return create_task(to_task(std::forward<A>(operation)), std::move(options));
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

/// Schedules `f(args…)`. The callable (a lambda with captures, too) and the arguments are copied or moved into the task
/// and live as long as it; pass std::ref(x) to refer to x on purpose.
template <class F, class... Args>
    requires coroutine_call<F, Args...>
auto create_task(F&& f, Args&&... args) {
    return create_task(
        call_keeping<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(f), std::forward<Args>(args)...));
}

/// create_task() without a handle: nobody waits for it; what it throws goes to the loop's exception handler.
template <class T>
void spawn(task<T> body, task_options options = {}) {
    (void)create_task(std::move(body), std::move(options));
}
template <class F, class... Args>
    requires coroutine_call<F, Args...>
void spawn(F&& f, Args&&... args) {
    (void)create_task(std::forward<F>(f), std::forward<Args>(args)...);
}

template <class T>
void task_handle<T>::print_stack() const {
    weft::print_stack(core());
}

}  // namespace weft::inline v0
