// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/coro/task.hpp>
#include <weft/loop/timer_queue.hpp>
#include <weft/loop/waiter.hpp>

namespace weft::inline v0 {

/// Suspends a task until a time of the loop's clock.
class [[nodiscard("sleep does nothing unless it is awaited")]] sleep_awaiter : public waiter, private timer_node {
public:
    /// `when`: nanoseconds from the await on, or, if `absolute`, of the loop's clock.
    sleep_awaiter(nanos when, bool absolute) noexcept
        : waiter(absolute ? until_kind_ : for_kind_), timer_node(fired, when) {}

    bool await_ready() const noexcept { return false; }
    void await_resume() { this->resumed(); }
    void start();
    void abandon() noexcept { timer_node::unlink(); }

    /// As it was given, until start().
    nanos when() const noexcept { return timer_node::deadline(); }
    bool is_absolute() const noexcept { return &kind() == &until_kind_; }

private:
    static void fired(timer_node& t) { static_cast<sleep_awaiter&>(t).wake(); }
    static bool cancel(waiter& w);
    static const wait_kind for_kind_, until_kind_, begun_kind_;
};

/// Lets other tasks run for `d`; a duration of zero or less lets them run once.
/// @throws cancelled_error  @cost no allocation  @see asyncio.sleep
template <class Rep, class Period>
sleep_awaiter sleep(std::chrono::duration<Rep, Period> d) noexcept {
    return {to_nanos(d), false};
}
/// Until `when` by the loop's clock. @see event_loop::time
inline sleep_awaiter sleep_until(clock::time_point when) noexcept { return {to_nanos(when), true}; }

/// A sleep that is not awaited where it stands but given to create_task() or gather() becomes a task of its own.
task<> to_task(const sleep_awaiter& s);

/// Lets every other ready task run once.
class [[nodiscard("yield_now does nothing unless it is awaited")]] yield_awaiter : public native_awaiter {
public:
    yield_awaiter() noexcept = default;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        task_ = &task_core::of(h.promise());
        return task_->suspend_ready(h);
    }
    void await_resume() { task_->raise_pending_cancellation(); }

private:
    task_core* task_ = nullptr;
};

/// @throws cancelled_error  @cost one turn through the ready queue  @see asyncio.sleep(0)
inline yield_awaiter yield_now() noexcept { return {}; }

}  // namespace weft::inline v0
