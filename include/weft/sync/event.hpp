// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/sync/waiting_line.hpp>

namespace weft::inline v0 {

/// A flag that tasks wait for: all of them go on when it is set, even if it is cleared before they run. When it is
/// destroyed, whoever waits for it gets an invalid_state_error.
/// @thread its loop's, the one where it was first waited for  @see asyncio.Event
class event : public loop_bound {
public:
    class awaiter;

    event() noexcept : line_(*this) {}

    void set() {
        check_caller("event: set()");
        is_set_ = true;
        line_.serve_all();
    }
    void clear() {
        check_caller("event: clear()");
        is_set_ = false;
    }
    bool is_set() const noexcept { return is_set_; }

    /// Returns at once if it is set.
    /// @throws awaited: cancelled_error; invalid_state_error  the event is bound to another loop, or was destroyed
    /// @cost no allocation
    [[nodiscard("wait() does nothing unless it is awaited")]] awaiter wait() noexcept;

private:
    waiting_line line_;
    bool is_set_ = false;
};

class event::awaiter : public line_waiter {
public:
    explicit awaiter(event& e) noexcept : awaiter(e, kind_) {}
    /// For those who wait for something else of which the event tells: @param kind  what it is
    awaiter(event& e, const wait_kind& kind) noexcept : line_waiter(kind, e.line_), event_(&e) {}
    ~awaiter() { abandon(); }

    bool await_ready() {
        event_->check_caller("event: wait()");
        if (!event_->is_set_) return false;
        is_served_at_once();
        return true;
    }
    void await_resume() { arrive(); }
    void abandon() noexcept { leave(); }

    friend weft::task<> to_task(awaiter&& a) { return waiting(line_link(a), *a.event_); }

private:
    static weft::task<> waiting(line_link at, event& e);
    static const wait_kind kind_;

    event* event_;
};

inline event::awaiter event::wait() noexcept { return awaiter(*this); }

}  // namespace weft::inline v0
