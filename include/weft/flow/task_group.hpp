// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/exception_group.hpp>
#include <weft/base/intrusive_list.hpp>
#include <weft/coro/task.hpp>
#include <weft/loop/cancel_scope.hpp>
#include <weft/loop/done_hook.hpp>
#include <weft/loop/task_handle.hpp>

#include <exception>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// A task_handle that may be dropped: the group waits for the task.
template <class T>
class group_task_handle : public task_handle<T> {
public:
    group_task_handle(task_handle<T> h) noexcept : task_handle<T>(std::move(h)) {}
};
template <class T>
group_task_handle(task_handle<T>) -> group_task_handle<T>;

/// Tasks that belong together: the block does not end before all of them have. The first that fails cancels the others
/// and the block; when all have ended, their errors leave together, none lost.
///
///     co_await with(task_group{}, [&](task_group& g) -> task<> {
///         g.create_task(fetch(a));
///         g.create_task(fetch(b));
///         co_return;
///     });
///
/// A task that was cancelled is no failure. Cancelled from outside, the block cancels its tasks, waits for them and
/// passes the cancellation on, unless there are errors, which come first. While it waits, a cancel_scope around it
/// cancels its tasks, once.
/// @thread its loop's  @cost one small block per task beside the task's own  @see asyncio.TaskGroup
class task_group {
public:
    task_group() noexcept = default;
    /// One that is not entered yet may be moved. @throws invalid_state_error  it is entered
    task_group(task_group&& unused);
    task_group& operator=(task_group&&) = delete;
    ~task_group();

    /// Creates a task that belongs to the group: create_task() of the task's loop, in every form.
    /// @throws invalid_state_error  not entered yet, finished, or shutting down because something failed: then the
    ///         coroutine is destroyed, its body has not run
    template <class T>
    group_task_handle<T> create_task(task<T> body, task_options options = {},
                                     std::source_location created_at = std::source_location::current()) {
        require_open();
        return added(weft::create_task(std::move(body), std::move(options), created_at));
    }
    template <task_operation A>
    auto create_task(A&& operation, task_options options = {},
                     std::source_location created_at = std::source_location::current()) {
        require_open();
        return added(weft::create_task(std::forward<A>(operation), std::move(options), created_at));
    }
    template <class F>
        requires coroutine_call<F>
    auto create_task(F&& f, std::source_location created_at = std::source_location::current()) {
        require_open();
        return added(create_call_task(created_at, std::forward<F>(f)));
    }
    template <class F, class A>
        requires coroutine_call<F, A>
    auto create_task(F&& f, A&& a, std::source_location created_at = std::source_location::current()) {
        require_open();
        return added(create_call_task(created_at, std::forward<F>(f), std::forward<A>(a)));
    }
    template <class F, class A, class B>
        requires coroutine_call<F, A, B>
    auto create_task(F&& f, A&& a, B&& b, std::source_location created_at = std::source_location::current()) {
        require_open();
        return added(create_call_task(created_at, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b)));
    }
    template <class F, class... Args>
        requires(sizeof...(Args) > 2) && coroutine_call<F, Args...>
    auto create_task(F&& f, Args&&... args) {
        require_open();
        return added(create_call_task({}, std::forward<F>(f), std::forward<Args>(args)...));
    }

    /// For `with`.
    static constexpr bool exit_joins_tasks = true;
    class entering : public with_task {
    public:
        explicit entering(task_group& g) noexcept : group_(g) {}
        task_group& await_resume() const;

    private:
        task_group& group_;
    };
    entering enter() noexcept { return entering(*this); }
    /// @throws exception_group  what the tasks, and the body, failed with; cancelled_error
    task<> exit(std::exception_ptr error);

private:
    struct member;
    class join;
    void require_open() const;
    template <class T>
    group_task_handle<T> added(task_handle<T> h) {
        add(h.state());
        return h;
    }
    void add(future_core& f);
    void member_is_done(future_core& f);
    void abort();

    task_core* parent_ = nullptr;  // null: not entered
    intrusive_list<member> members_;  // those that are not done
    std::vector<std::exception_ptr> errors_;
    join* join_ = nullptr;  // where the parent waits
    bool exiting_ = false;
    bool aborting_ = false;
    bool parent_cancel_requested_ = false;
};

}  // namespace weft::inline v0
