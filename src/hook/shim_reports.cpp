// SPDX-License-Identifier: Apache-2.0
// What is not taken over, and stops the loop: said before it does.
#include "hook/shim.hpp"

#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>

namespace weft_hook {
namespace {

constinit hooked<int(sem_t*)> libc_sem_wait("sem_wait");
constinit hooked<int(sem_t*, const timespec*)> libc_sem_timedwait("sem_timedwait");
constinit hooked<int(sem_t*, clockid_t, const timespec*)> libc_sem_clockwait("sem_clockwait");
constinit hooked<int(pthread_barrier_t*)> libc_barrier_wait("pthread_barrier_wait");
constinit hooked<int(pthread_rwlock_t*)> libc_rdlock("pthread_rwlock_rdlock");
constinit hooked<int(pthread_rwlock_t*)> libc_wrlock("pthread_rwlock_wrlock");
constinit hooked<int(int, epoll_event*, int, int)> libc_epoll_wait("epoll_wait");
constinit hooked<int(int, epoll_event*, int, int, const sigset_t*)> libc_epoll_pwait("epoll_pwait");
constinit hooked<int(int, epoll_event*, int, const timespec*, const sigset_t*)> libc_epoll_pwait2("epoll_pwait2");
constinit hooked<int(pthread_rwlock_t*, const timespec*)> libc_timedrdlock("pthread_rwlock_timedrdlock");
constinit hooked<int(pthread_rwlock_t*, const timespec*)> libc_timedwrlock("pthread_rwlock_timedwrlock");
constinit hooked<int(pthread_rwlock_t*, clockid_t, const timespec*)> libc_clockrdlock("pthread_rwlock_clockrdlock");
constinit hooked<int(pthread_rwlock_t*, clockid_t, const timespec*)> libc_clockwrlock("pthread_rwlock_clockwrlock");
constinit hooked<int(pthread_t, void**, const timespec*)> libc_timedjoin("pthread_timedjoin_np");
constinit hooked<int(pthread_t, void**, clockid_t, const timespec*)> libc_clockjoin("pthread_clockjoin_np");

/// @return whether it can be had without a wait
bool is_had(sem_t* s) noexcept {
    const kept_errno before;
    const bool is = ::sem_trywait(s) == 0;
    before.restore();
    return is;
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

int sem_wait(sem_t* s) {
    if (!on_fiber()) return libc_sem_wait(s);
    if (is_had(s)) return 0;
    report_blocking("sem_wait", __builtin_return_address(0));
    return libc_sem_wait(s);
}
int sem_timedwait(sem_t* s, const timespec* until) {
    if (!on_fiber()) return libc_sem_timedwait(s, until);
    if (is_had(s)) return 0;
    report_blocking("sem_timedwait", __builtin_return_address(0));
    return libc_sem_timedwait(s, until);
}
int sem_clockwait(sem_t* s, clockid_t clock, const timespec* until) {
    if (!on_fiber()) return libc_sem_clockwait(s, clock, until);
    if (is_had(s)) return 0;
    report_blocking("sem_clockwait", __builtin_return_address(0));
    return libc_sem_clockwait(s, clock, until);
}

int pthread_barrier_wait(pthread_barrier_t* b) noexcept {
    if (on_fiber()) report_blocking("pthread_barrier_wait", __builtin_return_address(0));
    return libc_barrier_wait(b);
}

int pthread_rwlock_rdlock(pthread_rwlock_t* l) noexcept {
    if (!on_fiber()) return libc_rdlock(l);
    if (const int result = ::pthread_rwlock_tryrdlock(l); result != EBUSY) return result;
    report_blocking("pthread_rwlock_rdlock", __builtin_return_address(0));
    return libc_rdlock(l);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* l) noexcept {
    if (!on_fiber()) return libc_wrlock(l);
    if (const int result = ::pthread_rwlock_trywrlock(l); result != EBUSY) return result;
    report_blocking("pthread_rwlock_wrlock", __builtin_return_address(0));
    return libc_wrlock(l);
}

int epoll_wait(int fd, epoll_event* events, int room, int milliseconds) {
    if (milliseconds == 0 || !on_fiber()) return libc_epoll_wait(fd, events, room, milliseconds);
    if (const int count = libc_epoll_wait(fd, events, room, 0); count != 0) return count;
    report_blocking("epoll_wait", __builtin_return_address(0));
    return libc_epoll_wait(fd, events, room, milliseconds);
}
int epoll_pwait(int fd, epoll_event* events, int room, int milliseconds, const sigset_t* mask) {
    if (milliseconds == 0 || !on_fiber()) return libc_epoll_pwait(fd, events, room, milliseconds, mask);
    report_blocking("epoll_pwait", __builtin_return_address(0));
    return libc_epoll_pwait(fd, events, room, milliseconds, mask);
}

int epoll_pwait2(int fd, epoll_event* events, int room, const timespec* time, const sigset_t* mask) {
    const bool waits = !time || time->tv_sec != 0 || time->tv_nsec != 0;
    if (waits && on_fiber()) report_blocking("epoll_pwait2", __builtin_return_address(0));
    return libc_epoll_pwait2(fd, events, room, time, mask);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t* l, const timespec* until) noexcept {
    if (!on_fiber()) return libc_timedrdlock(l, until);
    if (const int result = ::pthread_rwlock_tryrdlock(l); result != EBUSY) return result;
    report_blocking("pthread_rwlock_timedrdlock", __builtin_return_address(0));
    return libc_timedrdlock(l, until);
}
int pthread_rwlock_timedwrlock(pthread_rwlock_t* l, const timespec* until) noexcept {
    if (!on_fiber()) return libc_timedwrlock(l, until);
    if (const int result = ::pthread_rwlock_trywrlock(l); result != EBUSY) return result;
    report_blocking("pthread_rwlock_timedwrlock", __builtin_return_address(0));
    return libc_timedwrlock(l, until);
}
int pthread_rwlock_clockrdlock(pthread_rwlock_t* l, clockid_t clock, const timespec* until) noexcept {
    if (!on_fiber()) return libc_clockrdlock(l, clock, until);
    if (const int result = ::pthread_rwlock_tryrdlock(l); result != EBUSY) return result;
    report_blocking("pthread_rwlock_clockrdlock", __builtin_return_address(0));
    return libc_clockrdlock(l, clock, until);
}
int pthread_rwlock_clockwrlock(pthread_rwlock_t* l, clockid_t clock, const timespec* until) noexcept {
    if (!on_fiber()) return libc_clockwrlock(l, clock, until);
    if (const int result = ::pthread_rwlock_trywrlock(l); result != EBUSY) return result;
    report_blocking("pthread_rwlock_clockwrlock", __builtin_return_address(0));
    return libc_clockwrlock(l, clock, until);
}

int pthread_timedjoin_np(pthread_t thread, void** result, const timespec* until) {
    if (!on_fiber()) return libc_timedjoin(thread, result, until);
    if (const int joined = ::pthread_tryjoin_np(thread, result); joined != EBUSY) return joined;
    report_blocking("pthread_timedjoin_np", __builtin_return_address(0));
    return libc_timedjoin(thread, result, until);
}
int pthread_clockjoin_np(pthread_t thread, void** result, clockid_t clock, const timespec* until) {
    if (!on_fiber()) return libc_clockjoin(thread, result, clock, until);
    if (const int joined = ::pthread_tryjoin_np(thread, result); joined != EBUSY) return joined;
    report_blocking("pthread_clockjoin_np", __builtin_return_address(0));
    return libc_clockjoin(thread, result, clock, until);
}

#pragma GCC visibility pop
}
