// SPDX-License-Identifier: Apache-2.0
// Mutexes and condition variables, which a fiber of the same thread may hold, or be the one to signal.
#include "hook/queues.hpp"
#include "hook/shim.hpp"

#include <pthread.h>
#include <time.h>

#include <cstdlib>
#include <new>

namespace weft_hook {
namespace {

constinit hooked<int(pthread_mutex_t*)> libc_lock("pthread_mutex_lock");
constinit hooked<int(pthread_mutex_t*)> libc_trylock("pthread_mutex_trylock");
constinit hooked<int(pthread_mutex_t*)> libc_unlock("pthread_mutex_unlock");
constinit hooked<int(pthread_mutex_t*, const timespec*)> libc_timedlock("pthread_mutex_timedlock");
constinit hooked<int(pthread_mutex_t*, clockid_t, const timespec*)> libc_clocklock("pthread_mutex_clocklock");
// Condition variables were made anew in glibc 2.3.2, and the old ones are still there by the same names.
constinit hooked<int(pthread_cond_t*, pthread_mutex_t*)> libc_cond_wait("pthread_cond_wait", "GLIBC_2.3.2");
constinit hooked<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)> libc_cond_timedwait("pthread_cond_timedwait",
                                                                                              "GLIBC_2.3.2");
constinit hooked<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>
    libc_cond_clockwait("pthread_cond_clockwait");
constinit hooked<int(pthread_cond_t*)> libc_cond_signal("pthread_cond_signal", "GLIBC_2.3.2");
constinit hooked<int(pthread_cond_t*)> libc_cond_broadcast("pthread_cond_broadcast", "GLIBC_2.3.2");

/// An unlocking that goes past pthread_mutex_unlock(), inside of libc or in another process, is found out after so long, and so is
/// another process's signal.
constexpr long long look_again_after = 50 * millisecond;

long long until(clockid_t clock, const timespec& when) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);
    const long long left = (when.tv_sec - now.tv_sec) * second + when.tv_nsec - now.tv_nsec;
    return left > 0 ? left : 0;
}

// A mutex that knows its owner knows a thread, and takes all of its fibers for one. Which fiber it is, is remembered here.

struct owned {
    owned* next;
    const pthread_mutex_t* mutex;
    const void* fiber;
    unsigned depth;
};
constinit thread_local owned* owned_here = nullptr;

bool knows_its_owner(const pthread_mutex_t* m) noexcept {
    const int kind = m->__data.__kind & 3;
    return kind == PTHREAD_MUTEX_RECURSIVE_NP || kind == PTHREAD_MUTEX_ERRORCHECK_NP;
}

owned** find_owned(const pthread_mutex_t* m) noexcept {
    owned** at = &owned_here;
    while (*at && (*at)->mutex != m) at = &(*at)->next;
    return at;
}

int try_lock_as_owner(pthread_mutex_t* m, const void* fiber) noexcept {
    owned* known = *find_owned(m);
    if (known && known->fiber != fiber) return EBUSY;
    const int result = libc_trylock(m);
    if (result != 0) {
        const bool is_mine = known && (m->__data.__kind & 3) == PTHREAD_MUTEX_ERRORCHECK_NP;
        return is_mine && result == EBUSY ? EDEADLK : result;
    }
    if (!known) {
        known = static_cast<owned*>(std::malloc(sizeof(owned)));
        if (!known) {
            libc_unlock(m);
            return EAGAIN;
        }
        owned_here = new (known) owned{owned_here, m, fiber, 0};
    }
    ++known->depth;
    return 0;
}

/// Asked outside of fibers: that a fiber of this thread holds the mutex, which libc would give to the thread once more.
owned* held_beside(const pthread_mutex_t* m) noexcept {
    if (!owned_here || (m->__data.__kind & 3) != PTHREAD_MUTEX_RECURSIVE_NP) [[likely]]
        return nullptr;
    return *find_owned(m);
}

/// Such a one is given all the same, and it is said: to wait would be for ever, for the fiber goes on only when its caller has returned.
template <class Lock>
int lock_outside(pthread_mutex_t* m, const void* caller, Lock lock) noexcept {
    owned* const held = held_beside(m);
    if (!held) [[likely]]
        return lock();
    report("a recursive mutex that a fiber holds is given to others on its thread as well", caller);
    const int result = lock();
    if (result == 0) ++held->depth;
    return result;
}

int try_lock(pthread_mutex_t* m) noexcept {
    if (!knows_its_owner(m)) return libc_trylock(m);
    return try_lock_as_owner(m, offered.load(std::memory_order_relaxed)->current());
}

int lock_on_fiber(pthread_mutex_t* m, long long nanoseconds = -1) noexcept {
    int result = try_lock(m);
    if (result != EBUSY) return result;
    const table& t = *offered.load(std::memory_order_relaxed);
    const limit end = nanoseconds < 0 ? limit::never() : limit::in(nanoseconds);
    queued q;
    q.parking = t.begin();
    if (!q.parking) return EAGAIN;
    for (;;) {
        join(q, m);
        result = try_lock(m);
        const long long left = end.left();
        if (result == EBUSY && left == 0) result = ETIMEDOUT;
        if (result != EBUSY) break;
        const bool is_near = left >= 0 && left < look_again_after;
        const int waited = wait(q.parking, nullptr, 0, limit::in(is_near ? left : look_again_after), 0);
        leave(q);
        if (waited >= 0) continue;
        // (another one that was to be woken in its place looks again before long)
        result = waited == -ECANCELED ? EDEADLK : EAGAIN;  // it is being destroyed, and cannot wait any more
        break;
    }
    leave(q);
    t.let_go(q.parking);
    return result;
}

int unlock(pthread_mutex_t* m) noexcept {
    if (owned_here && knows_its_owner(m)) [[unlikely]] {
        owned** const at = find_owned(m);
        if (owned* const o = *at; o && --o->depth == 0) {
            *at = o->next;
            std::free(o);
        }
    }
    const int result = libc_unlock(m);
    if (result == 0) wake_waiting(m, false);
    return result;
}

/// Others than this process may signal it.
bool is_shared(const pthread_cond_t* c) noexcept { return c->__data.__wrefs & 1; }  // pthread_condattr_setpshared()

/// @return 0, or ETIMEDOUT. Throws what destroys the fiber, if it was told of it before and waits again.
int cond_wait_on_fiber(pthread_cond_t* c, pthread_mutex_t* m, long long nanoseconds = -1) {
    const table& t = *offered.load(std::memory_order_relaxed);
    t.leave_if_destroyed();
    queued q;
    q.parking = t.begin();
    if (!q.parking) return 0;  // woken without a reason, as may be
    join(q, c);
    if (const int error = unlock(m)) {
        leave(q);
        t.let_go(q.parking);
        return error;
    }
    // Its caller looks again then: to be woken without a reason is allowed.
    const bool looks_again = is_shared(c) && (nanoseconds < 0 || nanoseconds > look_again_after);
    const long long most = looks_again ? look_again_after : nanoseconds;
    const int waited = wait(q.parking, nullptr, 0, most < 0 ? limit::never() : limit::in(most), 0);
    const bool woken = leave(q) || looks_again;
    t.let_go(q.parking);
    const int error = lock_on_fiber(m);
    if (error) return error;
    return waited == 0 && !woken ? ETIMEDOUT : 0;
}

clockid_t clock_of(const pthread_cond_t* c) noexcept {
    return c->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;  // pthread_condattr_setclock()
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

int pthread_mutex_lock(pthread_mutex_t* m) noexcept {
    const void* const caller = __builtin_return_address(0);
    if (libc_lock.is_taken_over(caller)) return lock_on_fiber(m);
    return lock_outside(m, caller, [=] { return libc_lock(m); });
}
int pthread_mutex_trylock(pthread_mutex_t* m) noexcept {
    if (!libc_trylock.is_taken_over(__builtin_return_address(0))) return held_beside(m) ? EBUSY : libc_trylock(m);
    const int result = try_lock(m);
    return result == EDEADLK ? EBUSY : result;
}
int pthread_mutex_timedlock(pthread_mutex_t* m, const timespec* when) noexcept {
    const void* const caller = __builtin_return_address(0);
    if (libc_timedlock.is_taken_over(caller)) return lock_on_fiber(m, until(CLOCK_REALTIME, *when));
    return lock_outside(m, caller, [=] { return libc_timedlock(m, when); });
}
int pthread_mutex_clocklock(pthread_mutex_t* m, clockid_t clock, const timespec* when) noexcept {
    const void* const caller = __builtin_return_address(0);
    if (libc_clocklock.is_taken_over(caller)) return lock_on_fiber(m, until(clock, *when));
    return lock_outside(m, caller, [=] { return libc_clocklock(m, clock, when); });
}
int pthread_mutex_unlock(pthread_mutex_t* m) noexcept { return unlock(m); }

int __pthread_mutex_lock(pthread_mutex_t* m) noexcept { return pthread_mutex_lock(m); }
int __pthread_mutex_trylock(pthread_mutex_t* m) noexcept { return pthread_mutex_trylock(m); }
int __pthread_mutex_unlock(pthread_mutex_t* m) noexcept { return unlock(m); }

int pthread_cond_wait(pthread_cond_t* c, pthread_mutex_t* m) {
    if (!libc_cond_wait.is_taken_over(__builtin_return_address(0))) return libc_cond_wait(c, m);
    return cond_wait_on_fiber(c, m);
}
int pthread_cond_timedwait(pthread_cond_t* c, pthread_mutex_t* m, const timespec* when) {
    if (!libc_cond_timedwait.is_taken_over(__builtin_return_address(0))) return libc_cond_timedwait(c, m, when);
    return cond_wait_on_fiber(c, m, until(clock_of(c), *when));
}
int pthread_cond_clockwait(pthread_cond_t* c, pthread_mutex_t* m, clockid_t clock, const timespec* when) {
    if (!libc_cond_clockwait.is_taken_over(__builtin_return_address(0))) return libc_cond_clockwait(c, m, clock, when);
    return cond_wait_on_fiber(c, m, until(clock, *when));
}
int pthread_cond_signal(pthread_cond_t* c) noexcept {
    const int result = libc_cond_signal(c);
    wake_waiting(c, false);
    return result;
}
int pthread_cond_broadcast(pthread_cond_t* c) noexcept {
    const int result = libc_cond_broadcast(c);
    wake_waiting(c, true);
    return result;
}

#pragma GCC visibility pop
}
