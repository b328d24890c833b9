// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/coro/immediate.hpp>
#include <weft/coro/task.hpp>
#include <weft/loop/cancel_scope.hpp>
#include <weft/loop/handle.hpp>
#include <weft/loop/timer_queue.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace weft::inline v0 {

/// A block with a deadline, as asyncio has it: when it is over, the block gets one cancelled_error at the await where it
/// stands, may clean up as long as it likes, and leaves as timeout_error.
///
///     co_await with(timeout(1s), [&](timeout& t) -> task<> { … t.reschedule(when); … });
///
/// The request counts as one of task_handle::cancel()'s while the block is in it, and is taken back at its end. Of two
/// nested ones that expire before the inner one is left, the outer one is blamed, as in CPython.
/// @thread its loop's  @cost no allocation, unless the deadline has come when it is set  @see asyncio.Timeout; cancel_scope for a cancellation that insists
class timeout {
public:
    /// `delay` from the moment on when it is entered; std::nullopt: none, until reschedule().
    template <class Rep, class Period>
    explicit timeout(std::chrono::duration<Rep, Period> delay) noexcept : delay_(to_nanos(delay)), timer_(*this) {}
    explicit timeout(std::nullopt_t) noexcept : timer_(*this) {}
    explicit timeout(std::optional<clock::time_point> when) noexcept : when_(when), timer_(*this) {}
    timeout(timeout&& unused) noexcept : delay_(unused.delay_), when_(unused.when_), timer_(*this) {}
    timeout& operator=(timeout&&) = delete;
    ~timeout() { overdue_.cancel(); }

    /// The deadline by the loop's clock; empty if there is none. Known once it is entered.
    std::optional<clock::time_point> when() const noexcept { return when_; }
    /// @param when  a time that has come: as soon as the loop comes to it; empty: none any more
    /// @throws invalid_state_error  it is not entered, has expired or was left
    void reschedule(std::optional<clock::time_point> when);
    /// The deadline came before the block was left.
    bool expired() const noexcept { return state_ == state::expiring || state_ == state::expired; }

    /// For `with`.
    class entering : public with_task {
    public:
        explicit entering(timeout& t) noexcept : timeout_(t) {}
        timeout& await_resume() const;

    private:
        timeout& timeout_;
    };
    entering enter() noexcept { return entering(*this); }
    /// @throws timeout_error  it has expired, and that is what ended the block
    immediate<> exit(const std::exception_ptr& error);
    static constexpr bool exits_when_destroyed = true;

private:
    enum class state { created, active, expiring, expired, left };
    void expire();

    std::optional<nanos> delay_;
    std::optional<clock::time_point> when_;
    owned_timer<timeout, &timeout::expire> timer_;
    handle overdue_;  // in place of the timer, for a deadline that has come
    task_core* task_ = nullptr;
    unsigned cancelling_before_ = 0;
    state state_ = state::created;
};

/// A timeout at `when` by the loop's clock; empty: none. @see asyncio.timeout_at, event_loop::time
inline timeout timeout_at(std::optional<clock::time_point> when) noexcept { return timeout(when); }

}  // namespace weft::inline v0
