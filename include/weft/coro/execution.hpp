// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <utility>

namespace weft::inline v0 {

struct async_generator_hooks;
class event_loop;
class execution;
class promise_base;

/// How an execution is woken. One table per kind of execution.
struct execution_kind {
    /// Lets the execution go on from its resume point: soon, on its loop's thread. Callable from any thread.
    void (*wake)(execution&);
    /// Raises a cancellation that is pending, if any. On its loop's thread, by the coroutine that runs.
    void (*check_cancellation)(execution&);
    /// Null where async generators do without a loop.
    const async_generator_hooks* async_generators;
};

/// One chain of awaits that runs as a unit: what a task of the loop is below its handle, or a coroutine stepped by hand.
/// Every coroutine of the chain points here; the innermost suspended one is the resume point.
class execution {
public:
    explicit execution(const execution_kind& kind, event_loop* loop = nullptr) noexcept : kind_(&kind), loop_(loop) {}
    execution(const execution&) = delete;
    execution& operator=(const execution&) = delete;

    /// The loop this runs on; null when it is driven by step().
    event_loop* loop() const noexcept { return loop_; }

    /// The outermost coroutine has reached its end.
    bool finished() const noexcept { return finished_; }

    /// Suspended somewhere: there is a point to resume. False while it runs.
    bool suspended() const noexcept { return static_cast<bool>(resume_point_); }
    /// The innermost suspended coroutine, one of weft's; null while it runs.
    std::coroutine_handle<> resume_point() const noexcept { return resume_point_; }

    /// For awaiters: what the next wake-up resumes.
    void suspend_at(std::coroutine_handle<> innermost) noexcept { resume_point_ = innermost; }
    void wake() { kind_->wake(*this); }
    void check_cancellation() { kind_->check_cancellation(*this); }
    const async_generator_hooks* async_generators() const noexcept { return kind_->async_generators; }

    /// Requests of cancellation that were not taken back.
    unsigned cancelling() const noexcept { return cancelling_; }

    /// Runs the chain from its resume point until it suspends or finishes.
    void resume();

    /// Continues with `next` in place of the running coroutine, in constant stack. To be returned from await_suspend.
    ///
    /// Clang makes a symmetric transfer a tail call at every optimisation level. GCC does so only from -O2 on and not
    /// under sanitizers, and says at no point which it did; there the transfer goes through the loop in resume().
    std::coroutine_handle<> transfer_to(std::coroutine_handle<> next) noexcept {
        if constexpr (transfers_are_tail_calls) return next;
        resume_point_ = next;
        transferring_ = true;
        return std::noop_coroutine();
    }

    void finish() noexcept { finished_ = true; }

protected:
    const execution_kind& kind_of_execution() const noexcept { return *kind_; }

private:
    friend struct memory_layout;
#if defined(__clang__)
    static constexpr bool transfers_are_tail_calls = true;
#else
    static constexpr bool transfers_are_tail_calls = false;
#endif

    std::coroutine_handle<> resume_point_;
    const execution_kind* kind_;
    event_loop* loop_;

protected:
    unsigned cancelling_ = 0;

private:
    bool transferring_ = false;
    bool finished_ = false;
};

inline void execution::resume() {
    if constexpr (transfers_are_tail_calls) return std::exchange(resume_point_, nullptr).resume();
    do {
        transferring_ = false;
        std::exchange(resume_point_, nullptr).resume();
    } while (transferring_);
}

}  // namespace weft::inline v0
