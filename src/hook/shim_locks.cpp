// SPDX-License-Identifier: Apache-2.0
// flock, lockf, and fcntl's locks: tried again and again. Nothing tells when a lock is free, and a thread that waited for it could not be
// called back.
#include "hook/shim.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdarg>

namespace weft_hook {
namespace {

constinit hooked<int(int, int)> libc_flock("flock");
constinit hooked<int(int, int, off_t)> libc_lockf("lockf");
constinit hooked<int(int, int, void*)> libc_fcntl("fcntl"), libc_fcntl64("fcntl64");

/// Until it does not fail for another's lock.
template <class Attempt>
int lock_on_fiber(Attempt attempt) noexcept {
    const kept_errno before;
    for (long long pause = millisecond;; pause = pause < 50 * millisecond ? 2 * pause : pause) {
        const int result = attempt();
        if (result == 0) before.restore();
        if (result == 0 || (errno != EAGAIN && errno != EACCES)) return result;
        if (const int r = wait(nullptr, nullptr, 0, limit::in(pause)); r < 0) return fail(-r);
    }
}

/// It has a third argument or none, an int or a pointer: libc takes it for a pointer as well.
int fcntl_of(hooked<int(int, int, void*)>& libc, int fd, int command, void* argument, const void* caller) noexcept {
    const auto f = reinterpret_cast<int (*)(int, int, ...)>(libc.address());
    const bool waits = command == F_SETLKW || command == F_OFD_SETLKW;
    if (!waits || !libc.is_taken_over(caller)) return f(fd, command, argument);
    return lock_on_fiber([&] { return f(fd, command == F_SETLKW ? F_SETLK : F_OFD_SETLK, argument); });
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

int flock(int fd, int operation) noexcept {
    if ((operation & (LOCK_NB | LOCK_UN)) || !libc_flock.is_taken_over(__builtin_return_address(0)))
        return libc_flock(fd, operation);
    return lock_on_fiber([&] { return libc_flock(fd, operation | LOCK_NB); });
}

int lockf(int fd, int command, off_t size) {
    if (command != F_LOCK || !libc_lockf.is_taken_over(__builtin_return_address(0)))
        return libc_lockf(fd, command, size);
    return lock_on_fiber([&] { return libc_lockf(fd, F_TLOCK, size); });
}
int lockf64(int fd, int command, off64_t size) {
    static_assert(sizeof(off_t) == sizeof(off64_t));
    return lockf(fd, command, size);
}

int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return fcntl_of(libc_fcntl, fd, command, argument, __builtin_return_address(0));
}
int fcntl64(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return fcntl_of(libc_fcntl64, fd, command, argument, __builtin_return_address(0));
}

#pragma GCC visibility pop
}
