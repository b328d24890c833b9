// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/awaitable.hpp>
#include <weft/coro/promise_base.hpp>
#include <weft/loop/task_core.hpp>
#include <weft/loop/wait_subject.hpp>

#include <coroutine>
#include <cstdint>

namespace weft::inline v0 {

class wait_group;

/// What a kind of wait is called, and how it ends early.
struct wait_kind {
    const char* name;  ///< "sleep", "stream read": what `weft ps` shows
    /// The task is being cancelled: leave whatever is waited for. Either wake the task and return false (the cancellation
    /// is raised where it resumes), or pass the request on and return true (it resumes when that has ended).
    bool (*cancel)(waiter& w);
    /// A future to be cancelled in place of this wait, which ends with it; null if there is none. (cancel is then for a
    /// future that does not take the request.)
    future_core* (*stands_for)(waiter& w) = nullptr;
    wait_subject subject = {};  ///< what is waited for, as another process sees it
};

/// The base of weft's awaiters: the place where a task is suspended. It lives in the coroutine's frame.
///
/// A derived class has await_ready(); start(), which registers it wherever its wake-up will come from; await_resume(),
/// which calls resumed() first; and a destructor that takes it out again, for a frame may be destroyed while it waits.
/// Whoever wakes it may have given it something: cancelled or destroyed before it resumes, it gives that back.
///
/// A wait that can also be one of several (see select) has one more public member: abandon(), which is what its
/// destructor does.
class waiter : public native_awaiter {
public:
    const wait_kind& kind() const noexcept { return *kind_; }

    /// Suspends the task, and begins to wait. A derived class that has more to do there has its own.
    template <class Self, class Promise>
    bool await_suspend(this Self& self, std::coroutine_handle<Promise> h) {
        if (!self.suspend(h)) return false;
        self.start();
        return true;
    }

    /// Makes this one of the waits of `group`, whose task is suspended there. start() follows.
    void wait_in(wait_group& group) noexcept { owner_ = reinterpret_cast<std::uintptr_t>(&group) | in_group; }

    /// Whether what is given to it now is what its task gets. False once its task has been woken by something else:
    /// whoever has something to give passes over this one.
    bool can_complete() const noexcept;

protected:
    /// The task, unless it waits in a group.
    task_core* own_task() const noexcept { return owner_ & in_group ? nullptr : reinterpret_cast<task_core*>(owner_); }

    explicit waiter(const wait_kind& kind) noexcept : kind_(&kind) {}
    void become(const wait_kind& kind) noexcept { kind_ = &kind; }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() {
        if (task_core* const t = own_task(); t && t->waiting_at() == this) t->stop_waiting();
    }

    /// Suspends the task here.
    /// @return false if a cancellation is pending already: do not wait, resumed() will raise it
    /// @throws no_running_loop_error  the coroutine is being stepped by hand
    template <class Promise>
    bool suspend(std::coroutine_handle<Promise> h) {
        return suspend(h.promise());
    }
    bool suspend(promise_base& awaiting) {
        task_core& t = task_core::of(awaiting);
        owner_ = reinterpret_cast<std::uintptr_t>(&t);
        if (t.must_cancel()) [[unlikely]]
            return false;
        t.suspend_at(awaiting.handle());
        t.wait_at(*this);
        return true;
    }

    /// Raises a cancellation that came before or while it waited. @throws cancelled_error
    void resumed() {
        if (task_core* const t = task()) t->raise_pending_cancellation();
    }

    /// The await is over: the task goes on in this turn of the loop or the next. Does nothing if it is not waiting here.
    void wake() noexcept;

    /// The task that waits here, or has waited; null before.
    task_core* task() const noexcept;
    event_loop& loop() const noexcept { return *task()->loop(); }

private:
    friend struct memory_layout;
    static constexpr std::uintptr_t in_group = 1;

    wait_group& group() const noexcept;

    const wait_kind* kind_;
    std::uintptr_t owner_ = 0;  // the task, or the group it waits in, which is marked by the lowest bit
};

/// One suspended task that waits for the first of several things. The waits in it are its derived class's.
class wait_group : public waiter {
public:
    /// The wait that was woken first; null before.
    waiter* first_woken() const noexcept { return first_woken_; }
    bool is_open() const noexcept { return !first_woken_ && task()->waiting_at() == this; }
    task_core* task() const noexcept { return own_task(); }

    void woken(waiter& w) noexcept {
        if (!is_open()) return;
        first_woken_ = &w;
        this->wake();
    }

protected:
    using waiter::waiter;
    ~wait_group() = default;

private:
    waiter* first_woken_ = nullptr;
};

inline wait_group& waiter::group() const noexcept { return *reinterpret_cast<wait_group*>(owner_ & ~in_group); }

inline task_core* waiter::task() const noexcept {
    if (owner_ & in_group) [[unlikely]]
        return group().task();
    return reinterpret_cast<task_core*>(owner_);
}

inline void waiter::wake() noexcept {
    if (owner_ & in_group) [[unlikely]]
        return group().woken(*this);
    task_core* const t = own_task();
    if (t && t->waiting_at() == this) t->make_ready();
}

inline bool waiter::can_complete() const noexcept {
    if (owner_ & in_group) [[unlikely]]
        return group().is_open();
    task_core* const t = own_task();
    return t && t->waiting_at() == this;
}

}  // namespace weft::inline v0
