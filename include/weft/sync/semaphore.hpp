// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/intrusive_list.hpp>
#include <weft/coro/immediate.hpp>
#include <weft/coro/task.hpp>
#include <weft/sync/waiting_line.hpp>

#include <cstddef>
#include <exception>
#include <limits>
#include <optional>
#include <utility>

namespace weft::inline v0 {

/// A number of permits that tasks take and give back, first come, first served.
///
///     auto permit = co_await s.acquire();  // given back at the end of the scope
///
/// Also a context: `co_await with(s, [&]() -> task<> { … })`. When it is destroyed, whoever waits for it gets an
/// invalid_state_error, and the permits that are out are worth nothing.
/// @thread its loop's, the one where it was first waited for  @see asyncio.Semaphore
class semaphore : public loop_bound {
public:
    class guard;
    class waiter;
    class acquire_awaiter;
    class enter_awaiter;

    /// @param value  how many permits there are to begin with  @throws std::invalid_argument  it is negative
    explicit semaphore(std::ptrdiff_t value = 1) : semaphore(value, std::numeric_limits<std::ptrdiff_t>::max()) {}
    ~semaphore();

    /// @return awaited: a guard that holds a permit
    /// @throws awaited: cancelled_error; invalid_state_error  it is bound to another loop, or was destroyed
    /// @cancel the permit goes to the next one in the line  @cost no allocation
    [[nodiscard("acquire() does nothing unless it is awaited")]] acquire_awaiter acquire() noexcept;

    /// A permit, if one is free and nobody has been waiting for one; never suspends.
    [[nodiscard]] std::optional<guard> try_acquire();

    /// Whether acquire() would have to wait: no permit is free, or others have been waiting.
    bool locked() const noexcept { return value_ == 0 || line_.chosen() > 0 || line_.next(); }
    /// How many permits are neither out nor promised to those who waited.
    std::ptrdiff_t value() const noexcept { return value_; }

    /// One permit more. It need not have been acquired. (A guard gives back its permit by itself.)
    /// @throws invalid_state_error  a bounded_semaphore has all its permits
    void release();

    /// For with().
    static constexpr bool exits_when_destroyed = true;
    [[nodiscard("enter() does nothing unless it is awaited")]] enter_awaiter enter() noexcept;
    immediate<> exit(const std::exception_ptr&) {
        release();
        return {};
    }

protected:
    /// @param most  the permits that there can be at most
    semaphore(std::ptrdiff_t value, std::ptrdiff_t most);

private:
    /// @return false if there are as many already as there can be
    bool give_back() noexcept;
    /// Those who came while others had been chosen could not go ahead of them, whatever there was left.
    void choose_more() noexcept {
        while (value_ > 0 && line_.choose()) --value_;
    }

    waiting_line line_;  // those chosen are promised a permit each, which value_ does not count
    intrusive_list<guard> guards_;
    std::ptrdiff_t value_, most_;
};

/// Holds a permit. It is empty when default-constructed, moved from or released, and when the semaphore is destroyed first.
class [[nodiscard("the permit is given back when this is destroyed")]] semaphore::guard : private list_node {
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
    explicit operator bool() const noexcept { return is_linked(); }

    /// Gives the permit back before the scope ends.
    /// @throws invalid_state_error  it is empty
    void release();

private:
    friend class semaphore;
    template <class T>
    friend class intrusive_list;
    explicit guard(semaphore& s) noexcept : semaphore_(&s) { s.guards_.push_back(*this); }
    void take(guard& other) noexcept {
        semaphore_ = other.semaphore_;
        if (!other.is_linked()) return;
        other.unlink();
        semaphore_->guards_.push_back(*this);
    }
    void let_go() noexcept {
        if (!is_linked()) return;
        unlink();
        semaphore_->give_back();  // refused if somebody has done it by release(): then there is nothing left to do
    }

    semaphore* semaphore_ = nullptr;  // meaningless unless linked
};

/// A place in the line for a permit. Chosen: one is promised to it; served: it has been taken for it at once.
class semaphore::waiter : public line_waiter {
public:
    bool await_ready() {
        semaphore_->check_caller("semaphore: acquire()");
        if (semaphore_->locked()) return false;
        --semaphore_->value_;
        is_served_at_once();
        return true;
    }
    void abandon() noexcept {
        const stage s = leave();
        if (s != stage::chosen && s != stage::served) return;
        semaphore_->give_back();
        semaphore_->choose_more();
    }

protected:
    explicit waiter(semaphore& s) noexcept : line_waiter(kind_, s.line_), semaphore_(&s) {}
    ~waiter() { abandon(); }
    void take_it() {
        arrive();
        leave();
        semaphore_->choose_more();
    }

    static const wait_kind kind_;
    semaphore* semaphore_;
};

class semaphore::acquire_awaiter : public semaphore::waiter {
public:
    explicit acquire_awaiter(semaphore& s) noexcept : semaphore::waiter(s) {}
    guard await_resume() {
        take_it();
        return guard(*semaphore_);
    }
    friend weft::task<guard> to_task(acquire_awaiter&& a) { return acquiring(line_link(a), *a.semaphore_); }

private:
    static weft::task<guard> acquiring(line_link at, semaphore& s);
};

class semaphore::enter_awaiter : public semaphore::waiter {
public:
    explicit enter_awaiter(semaphore& s) noexcept : semaphore::waiter(s) {}
    void await_resume() { take_it(); }
};

inline semaphore::acquire_awaiter semaphore::acquire() noexcept { return acquire_awaiter(*this); }
inline semaphore::enter_awaiter semaphore::enter() noexcept { return enter_awaiter(*this); }

}  // namespace weft::inline v0
