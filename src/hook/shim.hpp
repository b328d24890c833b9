// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fiber/hook_table.hpp"

#include <time.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <type_traits>

// libweft_hook.so: functions of libc by the same names, which come before it. On a fiber they suspend the fiber; anywhere else, and
// for what they do not cover, they are libc's (ADR 0026). No exceptions, no destructors that matter (C++ frames above
// may be unwound through), and nothing of the C++ library: it is loaded into programs of all kinds.

namespace weft_hook {

using table = weft_hook_table;
/// Null until there is a fiber in the process.
extern std::atomic<const table*> offered;
extern bool logs;

/// libc's function of a name. @param version  that of glibc's symbols, where there are two of that name
void* find(const char* name, const char* version) noexcept;
[[gnu::cold]] void log_taken_over(const char* name, const void* caller) noexcept;
/// Says that a call blocks the loop, and where the fiber stands; once for each place.
[[gnu::cold]] void report_blocking(const char* name, const void* caller) noexcept;

/// Says something else that is wrong, and the stack; once for each place.
[[gnu::cold]] void report(const char* sentence, const void* caller) noexcept;

/// The table, if the caller is a fiber that may wait; else null.
inline const table* on_fiber() noexcept {
    const table* const t = offered.load(std::memory_order_acquire);
    return t && t->current() ? t : nullptr;
}

template <class F>
class hooked;
/// One function: libc's, and whether it is to be carried out here.
template <class R, class... Args>
class hooked<R(Args...)> {
public:
    constexpr explicit hooked(const char* name, const char* version = nullptr) noexcept
        : name_(name), version_(version) {}

    /// libc's.
    void* address() noexcept {
        void* f = libc_.load(std::memory_order_relaxed);
        if (!f) [[unlikely]] {
            f = find(name_, version_);
            libc_.store(f, std::memory_order_relaxed);
        }
        return f;
    }
    R libc(Args... args) noexcept(false) { return reinterpret_cast<R (*)(Args...)>(address())(args...); }
    R operator()(Args... args) { return libc(args...); }

    /// Whether the caller is a fiber; it is told of in the log. @param caller  an address in its code
    bool is_taken_over(const void* caller) noexcept {
        if (!on_fiber()) [[likely]]
            return false;
        if (logs && !told_.exchange(true, std::memory_order_relaxed)) log_taken_over(name_, caller);
        return true;
    }
    const char* name() const noexcept { return name_; }

private:
    const char* const name_;
    const char* const version_;
    std::atomic<void*> libc_{nullptr};
    std::atomic<bool> told_{false};
};

/// A call that has succeeded leaves errno as it was, whatever other fibers have done meanwhile.
class kept_errno {
public:
    void restore() const noexcept { errno = value_; }

private:
    const int value_ = errno;
};

/// A time until which is waited, by the loop's clock.
class limit {
public:
    static limit never() noexcept { return limit(-1); }
    static limit in(long long nanoseconds) noexcept;
    /// -1: never
    long long left() const noexcept;

private:
    explicit limit(long long at) noexcept : at_(at) {}
    long long at_;
};

/// Suspends the fiber. @return 1: look again; 0: the time is over; -errno
int wait(weft_hook_parking* p, const pollfd* descriptors, unsigned count, limit until,
         unsigned flags = weft_hook_cancellable) noexcept;

/// -1, with errno set.
inline int fail(int error) noexcept {
    errno = error;
    return -1;
}

constexpr long long second = 1'000'000'000, millisecond = 1'000'000;

/// In nanoseconds; what is longer than thirty years is that long.
constexpr long long duration(long long seconds, long long nanoseconds) noexcept {
    constexpr long long most = 1'000'000'000;
    return (seconds < most ? seconds : most) * second + nanoseconds;
}

/// Else libc has only to say that it is a mistake.
constexpr bool is_time(const timespec& t) noexcept { return t.tv_sec >= 0 && t.tv_nsec >= 0 && t.tv_nsec < second; }

/// A call on another thread of what must not block this one. `call`, trivially copyable, gives a result or -1 with errno.
/// @param must_end  it uses memory of the caller's: it is waited for whatever happens; else a cancellation leaves it
template <class Call>
long elsewhere(const Call& call, bool must_end) noexcept;

}  // namespace weft_hook

#include "hook/elsewhere.hpp"  // IWYU pragma: export
