// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>
#include <weft/coro/promise_base.hpp>
#include <weft/loop/task_core.hpp>

#include <coroutine>

namespace weft::inline v0 {

/// What a kind of wait is called, and how it ends early.
struct wait_kind {
    const char* name;  ///< "sleep", "stream read": what `weft ps` shows
    /// The task is being cancelled: leave whatever is waited for. Either wake the task and return false (the cancellation
    /// is raised where it resumes), or pass the request on and return true (it resumes when that has ended).
    bool (*cancel)(waiter& w);
    /// A future to be cancelled in place of this wait, which ends with it; null if there is none. (cancel is then for a
    /// future that does not take the request.)
    future_core* (*stands_for)(waiter& w) = nullptr;
};

/// The base of weft's awaiters: the place where a task is suspended. It lives in the coroutine's frame.
///
/// A derived class has await_ready(); await_suspend(h), which calls suspend(h) and registers itself wherever its wake-up
/// will come from; await_resume(), which calls resumed() first; and a destructor that takes it out again, for a frame may
/// be destroyed while it waits.
class waiter : public native_awaiter {
public:
    const wait_kind& kind() const noexcept { return *kind_; }

protected:
    explicit waiter(const wait_kind& kind) noexcept : kind_(&kind) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() {
        if (task_ && task_->waiting_at() == this) task_->stop_waiting();
    }

    /// Suspends the task here.
    /// @return false if a cancellation is pending already: do not wait, resumed() will raise it
    /// @throws no_running_loop_error  the coroutine is being stepped by hand
    template <class Promise>
    bool suspend(std::coroutine_handle<Promise> h) {
        return suspend(h.promise());
    }
    bool suspend(promise_base& awaiting) {
        task_ = &task_of(awaiting);
        if (task_->must_cancel()) return false;
        task_->suspend_at(awaiting.handle());
        task_->wait_at(*this);
        return true;
    }

    /// Raises a cancellation that came before or while it waited. @throws cancelled_error
    void resumed() {
        if (task_) task_->raise_pending_cancellation();
    }

    /// The await is over: the task goes on in this turn of the loop or the next. Does nothing if it is not waiting here.
    void wake() noexcept {
        if (is_waiting()) task_->make_ready();
    }

    bool is_waiting() const noexcept { return task_ && task_->waiting_at() == this; }
    task_core* task() const noexcept { return task_; }

private:
    static task_core& task_of(promise_base& p) {
        execution& e = *p.running_in();
        if (!e.loop()) throw_no_loop();
        return static_cast<task_core&>(e);
    }
    [[noreturn]] static void throw_no_loop();

    const wait_kind* kind_;
    task_core* task_ = nullptr;
};

}  // namespace weft::inline v0
