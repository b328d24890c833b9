// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/coro/immediate.hpp>
#include <weft/loop/timer_queue.hpp>
#include <weft/loop/waiter.hpp>

#include <chrono>
#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace weft::inline v0 {

/// One of the nested blocks that a task is in, where a cancellation can stand or be held off.
class scope_link {
public:
    enum class kind {
        scope,    ///< a cancel_scope
        cleanup,  ///< something that is to be done whatever happens: spared by the scopes around it
        join  ///< a wait for tasks that ends when they have: it is told of the scopes around it, which never end it
    };
    explicit scope_link(kind k) noexcept : kind_(k) {}
    scope_link(const scope_link&) = delete;
    scope_link& operator=(const scope_link&) = delete;

protected:
    virtual ~scope_link() = default;
    /// For a join: a scope around it is cancelled, now or before. Once; and once more when even cleanup is not spared any
    /// more.
    virtual void told_of_cancellation(bool cleanup_is_over) noexcept { (void)cleanup_is_over; }

    task_core* task_ = nullptr;  // null: not entered
    bool cancelled_ = false;
    bool cleanup_is_over_ = false;  // it is cancelled, and what cleans up inside is not spared any more
    bool shielded_ = false;

private:
    friend class task_core;
    void tell_of_cancellation(bool cleanup_is_over) noexcept;

    scope_link* outer_ = nullptr;
    kind kind_;
    bool was_told_ = false, was_told_that_cleanup_is_over_ = false;
};

/// A block that can be cancelled as a whole, with a deadline if wanted, as in Trio: once it is cancelled, *every* await
/// inside that would wait throws cancelled_error until the block is left, so that code which swallows one does not run
/// on. (In a loop without an end it would spin.) The block is left at the scope's end, where the cancelled_error stops.
/// Scopes nest; a shielded one holds off those around it.
///
///     co_await with(cancel_scope().deadline(when), [](cancel_scope& s) -> task<> { … });
///
/// What it does not do: it cancels the awaits of the task that entered it. Tasks that were created inside are theirs
/// who wait for them: a task_group, a gather, an awaited handle pass the cancellation on, once, as cancel() would.
/// Cleanup is spared: the exit() of a context, closing(), the join of a task_group run to their end, see
/// cleanup_deadline(). Task::cancel() is not held off by anything, and not swallowed here.
/// @thread its loop's  @cost no allocation but the task's first  @see trio.CancelScope; `timeout` for asyncio's way
class cancel_scope final : public scope_link {
public:
    cancel_scope() noexcept : scope_link(kind::scope), deadline_timer_(*this), cleanup_timer_(*this) {}
    ~cancel_scope() override;

    /// Cancels it at `when`, by the loop's clock; a time in the past: at the next await. May be changed while it runs.
    cancel_scope& deadline(std::optional<clock::time_point> when);
    std::optional<clock::time_point> deadline() const noexcept { return deadline_; }

    /// Whether it holds off the scopes around it; its own cancellation takes effect all the same.
    cancel_scope& shielded(bool on) noexcept;
    bool shielded() const noexcept { return shielded_; }

    /// How long after the cancellation cleanup inside may take before it is cancelled as well; unset: as long as it takes.
    cancel_scope& cleanup_deadline(std::optional<clock::duration> after) noexcept {
        cleanup_ = after;
        return *this;
    }

    /// Cancels it: the present await inside, and every later one.
    void cancel() noexcept;
    bool cancel_called() const noexcept { return cancelled_; }
    /// It was cancelled, and that is what ended the block. @see trio.CancelScope.cancelled_caught
    bool cancelled_caught() const noexcept { return caught_; }

    /// For `with`. @throws invalid_state_error  it was entered before
    class entering;
    entering enter() noexcept;
    static constexpr bool exits_when_destroyed = true;
    immediate<bool> exit(std::exception_ptr error);

private:
    void enter_in(task_core& t);
    void start_timers();
    void end_cleanup();

    std::optional<clock::time_point> deadline_;
    std::optional<clock::duration> cleanup_;
    owned_timer<cancel_scope, &cancel_scope::cancel> deadline_timer_;
    owned_timer<cancel_scope, &cancel_scope::end_cleanup> cleanup_timer_;
    unsigned cancelling_before_ = 0;
    bool entered_ = false, caught_ = false;
};

/// Gives the task that awaits it, at once: for what belongs to a task, not to a place where it waits.
class with_task : public native_awaiter {
public:
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        execution& e = *h.promise().running_in();
        task_ = e.loop() ? static_cast<task_core*>(&e) : nullptr;
        return false;
    }
    /// @return null when the coroutine is stepped by hand
    task_core* await_resume() const noexcept { return task_; }

protected:
    task_core* task_ = nullptr;
};

class cancel_scope::entering : public with_task {
public:
    explicit entering(cancel_scope& s) noexcept : scope_(s) {}
    cancel_scope& await_resume() const;

private:
    cancel_scope& scope_;
};
inline cancel_scope::entering cancel_scope::enter() noexcept { return entering(*this); }

/// Holds off the scopes around it while it lives, for what must be done: one await after another, in one task.
class cleanup_shield final : public scope_link {
public:
    /// @param t  null: nothing can be cancelled, nothing is held off
    explicit cleanup_shield(task_core* t);
    ~cleanup_shield() override;
};

/// Keeps the scopes around it from ending a wait for tasks, which must not be left behind. `Told`, called with whether
/// cleanup is over as well, may pass the cancellation on to them.
template <std::invocable<bool> Told>
class join_shield final : public scope_link {
public:
    /// @param t  null: nothing can be cancelled
    join_shield(task_core* t, Told told) : scope_link(kind::join), told_(std::move(told)) {
        if (t && t->innermost_scope()) t->enter_scope(*this);
    }
    ~join_shield() override {
        if (task_) task_->leave_scope(*this);
    }

private:
    void told_of_cancellation(bool cleanup_is_over) noexcept override { told_(cleanup_is_over); }
    Told told_;
};

}  // namespace weft::inline v0
