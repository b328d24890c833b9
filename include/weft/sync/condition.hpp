// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/immediate.hpp>
#include <weft/coro/task.hpp>
#include <weft/sync/lock.hpp>
#include <weft/sync/waiting_line.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft::inline v0 {

/// A lock, and a line of those who hold it and wait for something to change that it protects.
///
///     auto held = co_await c.acquire();
///     co_await c.wait_for([&] { return !items.empty(); });
///
/// Also a context, as the lock is. When it is destroyed, whoever waits for it gets an invalid_state_error and does not hold
/// the lock.
/// @thread its loop's, the one where it was first waited for  @see asyncio.Condition
class condition : public loop_bound {
public:
    /// With a lock of its own.
    condition() : own_(std::in_place), lock_(&*own_), line_(*this) {}
    /// @param shared  must outlive the condition
    explicit condition(lock& shared) noexcept : lock_(&shared), line_(*this) {}
    ~condition();

    // The lock's

    [[nodiscard("acquire() does nothing unless it is awaited")]] lock::acquire_awaiter acquire() noexcept {
        return lock_->acquire();
    }
    [[nodiscard]] std::optional<lock::guard> try_acquire() { return lock_->try_acquire(); }
    void release() { lock_->release(); }
    bool locked() const noexcept { return lock_->locked(); }

    static constexpr bool exits_when_destroyed = true;
    [[nodiscard("enter() does nothing unless it is awaited")]] lock::enter_awaiter enter() noexcept {
        return lock_->enter();
    }
    immediate<> exit(const std::exception_ptr& error) { return lock_->exit(error); }

    // The line's

    /// Gives the lock back, waits to be notified, and takes the lock again; a guard that held it holds it again. It may
    /// also return without a reason: look whether what was waited for is so.
    /// @throws awaited: cancelled_error; invalid_state_error  the lock is not locked, or the condition is bound to another
    ///     loop or was destroyed
    /// @cancel the lock is taken again first, however long that takes; a notification goes to the next one in the line
    /// @cost no allocation but the coroutine's frame, which is recycled
    task<> wait();

    /// Waits until `predicate()` is true, asked with the lock held.
    /// @return awaited: what the predicate gave
    template <class Predicate>
    task<std::decay_t<std::invoke_result_t<Predicate&>>> wait_for(Predicate predicate) {
        for (;;) {
            auto result = predicate();
            if (result) co_return result;
            co_await wait();
        }
    }

    /// Wakes up to `n` of those who wait, in their order; they go on when they have got the lock.
    /// @throws invalid_state_error  the lock is not locked
    void notify(std::size_t n = 1);
    void notify_all();

private:
    friend class barrier;
    class notification;
    class regaining;
    void choose(std::size_t n) noexcept;
    void require_locked(const char* what) const;

    std::optional<lock> own_;
    lock* lock_;
    waiting_line line_;  // those chosen are notified, or leave for another reason
};

}  // namespace weft::inline v0
