// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/immediate.hpp>
#include <weft/coro/task.hpp>
#include <weft/sync/waiting_line.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

namespace weft::inline v0 {

/// Mutual exclusion between the tasks of one loop, first come, first served.
///
///     auto held = co_await l.acquire();  // released at the end of the scope
///
/// Also a context: `co_await with(l, [&]() -> task<> { … })`. Between release() and the moment when the next one in the
/// line runs it is not locked, and yet nobody else gets it. When it is destroyed, whoever waits for it gets an
/// invalid_state_error, and whoever holds it holds nothing any more.
/// @thread its loop's, the one where it was first waited for  @see asyncio.Lock
class lock : public loop_bound {
public:
    class guard;
    class waiter;
    class acquire_awaiter;
    class enter_awaiter;

    lock() noexcept : line_(*this) {}
    ~lock();

    /// @return awaited: a guard that holds the lock
    /// @throws awaited: cancelled_error; invalid_state_error  the lock is bound to another loop, or was destroyed
    /// @cancel the lock goes to the next one in the line  @cost no allocation
    [[nodiscard("acquire() does nothing unless it is awaited")]] acquire_awaiter acquire() noexcept;

    /// The lock, if it is free and nobody has been waiting for it; never suspends.
    [[nodiscard]] std::optional<guard> try_acquire();

    /// Somebody holds it.
    bool locked() const noexcept { return state_ == state::locked; }

    /// Releases the lock, whoever holds it; a guard that held it holds nothing any more.
    /// @throws invalid_state_error  it is not locked
    void release();

    /// For with().
    static constexpr bool exits_when_destroyed = true;
    [[nodiscard("enter() does nothing unless it is awaited")]] enter_awaiter enter() noexcept;
    immediate<> exit(const std::exception_ptr&) {
        release();
        return {};
    }

private:
    friend class condition;
    enum class state : std::uint8_t {
        free,
        passed_on,  // one who waited has been chosen, and will lock it
        locked,
    };

    /// What a guard holds on to: the lock's own, while the guard holds the lock; another one while its task has given the
    /// lock back for a while (see condition::wait). Invariant: `by->holding_` is this.
    struct holding {
        explicit holding(lock* l) noexcept : of(l) {}
        holding(const holding&) = delete;
        holding& operator=(const holding&) = delete;
        ~holding() { take_from_guard(); }
        void take_from_guard() noexcept;
        void move_guard_to(holding& other) noexcept;

        guard* by = nullptr;
        lock* of;  // null if the guard holds no lock for now
    };

    void become_locked() noexcept;
    /// Of a wait for one of these that has a pointer to it, so many bytes behind its beginning.
    static constexpr wait_subject as_subject(std::size_t pointer_at);
    /// It is not locked any more: it is the next one's turn.
    void pass_on() noexcept {
        holder_ = 0;
        state_ = line_.choose() ? state::passed_on : state::free;
    }

    waiting_line line_;
    holding holding_{this};
    state state_ = state::free;
    // For who looks from outside: when it was locked last, as a tick of the registry's, and by which task (0: by none)
    std::uint32_t locked_since_ = 0;
    std::uint64_t holder_ = 0;
};

/// Holds a lock. It is empty when default-constructed, moved from or released, and when the lock is destroyed first.
class [[nodiscard("the lock is released when this is destroyed")]] lock::guard {
public:
    guard() noexcept = default;
    guard(guard&& other) noexcept { take(other); }
    guard& operator=(guard&& other) noexcept {
        if (this != &other) {
            let_go();
            take(other);
        }
        return *this;
    }
    ~guard() { let_go(); }

    /// Whether it is not empty.
    explicit operator bool() const noexcept { return holding_ != nullptr; }

    /// Releases the lock before the scope ends.
    /// @throws invalid_state_error  it is empty, or its task has given the lock back, to wait at a condition
    void release();

private:
    friend class lock;
    explicit guard(holding& h) noexcept : holding_(&h) { h.by = this; }
    void take(guard& other) noexcept {
        holding_ = std::exchange(other.holding_, nullptr);
        if (holding_) holding_->by = this;
    }
    void let_go() noexcept {
        if (!holding_) return;
        holding& h = *std::exchange(holding_, nullptr);
        h.by = nullptr;
        if (h.of) h.of->pass_on();
    }

    holding* holding_ = nullptr;
};

/// A place in the line for a lock. Chosen: the lock is passed on to it; served: it has been locked for it at once.
class lock::waiter : public line_waiter {
public:
    bool await_ready() {
        lock_->check_caller("lock: acquire()");
        if (lock_->state_ != state::free) return false;
        lock_->become_locked();
        is_served_at_once();
        return true;
    }
    void abandon() noexcept {
        const stage s = leave();
        if (s == stage::chosen || s == stage::served) lock_->pass_on();
    }

protected:
    explicit waiter(lock& l) noexcept : waiter(l, kind_) {}
    waiter(lock& l, const wait_kind& kind) noexcept : line_waiter(kind, l.line_), lock_(&l) {}
    ~waiter() { abandon(); }
    void lock_it() {
        arrive();
        leave();
        lock_->become_locked();
    }

    static const wait_kind kind_;
    lock* lock_;
};

class lock::acquire_awaiter : public lock::waiter {
public:
    explicit acquire_awaiter(lock& l) noexcept : lock::waiter(l) {}
    guard await_resume() {
        lock_it();
        return guard(lock_->holding_);
    }
    friend weft::task<guard> to_task(acquire_awaiter&& a) { return acquiring(line_link(a), *a.lock_); }

private:
    static weft::task<guard> acquiring(line_link at, lock& l);
};

class lock::enter_awaiter : public lock::waiter {
public:
    explicit enter_awaiter(lock& l) noexcept : lock::waiter(l) {}
    void await_resume() { lock_it(); }
};

inline lock::acquire_awaiter lock::acquire() noexcept { return acquire_awaiter(*this); }
inline lock::enter_awaiter lock::enter() noexcept { return enter_awaiter(*this); }

inline void lock::holding::take_from_guard() noexcept {
    if (by) std::exchange(by, nullptr)->holding_ = nullptr;
}
inline void lock::holding::move_guard_to(holding& other) noexcept {
    if (!by) return;
    by->holding_ = &other;
    other.by = std::exchange(by, nullptr);
}

}  // namespace weft::inline v0
