// SPDX-License-Identifier: Apache-2.0
// waitpid, wait4, and the older and newer ways to call them.
#include "hook/descriptors.hpp"
#include "hook/shim.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft_hook {
namespace {

constinit hooked<pid_t(pid_t, int*, int)> libc_waitpid("waitpid");
constinit hooked<pid_t(pid_t, int*, int, rusage*)> libc_wait4("wait4");
constinit hooked<pid_t(int*)> libc_wait("wait");
constinit hooked<pid_t(int*, int, rusage*)> libc_wait3("wait3");
constinit hooked<int(idtype_t, id_t, siginfo_t*, int)> libc_waitid("waitid");

pid_t wait_on_fiber(pid_t which, int* status, int options, rusage* usage) noexcept {
    const kept_errno before;
    // Only the end of a single child is told by a descriptor.
    const bool is_one = which > 0 && !(options & (WUNTRACED | WCONTINUED));
    const int fd = is_one ? static_cast<int>(::syscall(SYS_pidfd_open, which, 0)) : -1;
    before.restore();
    pid_t result = 0;
    for (long long pause = millisecond; (result = libc_wait4(which, status, options | WNOHANG, usage)) == 0;) {
        const pollfd one{fd, POLLIN, 0};
        const int waited =
            fd >= 0 ? wait(nullptr, &one, 1, limit::never()) : wait(nullptr, nullptr, 0, limit::in(pause));
        if (pause < 20 * millisecond) pause *= 2;
        if (waited >= 0) continue;
        result = fail(-waited);
        break;
    }
    const int error = errno;
    if (fd >= 0) ::close(fd);
    errno = error;
    return result;
}

/// The first is known by its number: 0 where there is none.
int waitid_on_fiber(idtype_t kind, id_t which, siginfo_t* info, int options) noexcept {
    const kept_errno before;
    siginfo_t unwanted;
    if (!info) info = &unwanted;
    for (long long pause = millisecond;; pause = pause < 20 * millisecond ? 2 * pause : pause) {
        info->si_pid = 0;
        if (libc_waitid(kind, which, info, options | WNOHANG) != 0) return -1;
        if (info->si_pid != 0) break;
        if (const int waited = wait(nullptr, nullptr, 0, limit::in(pause)); waited < 0) return fail(-waited);
    }
    before.restore();
    return 0;
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

pid_t waitpid(pid_t which, int* status, int options) {
    if ((options & WNOHANG) || !libc_waitpid.is_taken_over(__builtin_return_address(0)))
        return libc_waitpid(which, status, options);
    return wait_on_fiber(which, status, options, nullptr);
}
pid_t __waitpid(pid_t which, int* status, int options) { return waitpid(which, status, options); }

pid_t wait4(pid_t which, int* status, int options, rusage* usage) noexcept {
    if ((options & WNOHANG) || !libc_wait4.is_taken_over(__builtin_return_address(0)))
        return libc_wait4(which, status, options, usage);
    return wait_on_fiber(which, status, options, usage);
}

pid_t wait(int* status) {
    if (!libc_wait.is_taken_over(__builtin_return_address(0))) return libc_wait(status);
    return wait_on_fiber(-1, status, 0, nullptr);
}
pid_t wait3(int* status, int options, rusage* usage) noexcept {
    if ((options & WNOHANG) || !libc_wait3.is_taken_over(__builtin_return_address(0)))
        return libc_wait3(status, options, usage);
    return wait_on_fiber(-1, status, options, usage);
}

int waitid(idtype_t kind, id_t which, siginfo_t* info, int options) {
    if ((options & WNOHANG) || !libc_waitid.is_taken_over(__builtin_return_address(0)))
        return libc_waitid(kind, which, info, options);
    return waitid_on_fiber(kind, which, info, options);
}

#pragma GCC visibility pop
}
