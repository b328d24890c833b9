// SPDX-License-Identifier: Apache-2.0
// poll, ppoll, select and pselect.
#include "hook/descriptors.hpp"
#include "hook/shim.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace weft_hook {

constinit hooked<int(pollfd*, nfds_t, int)> libc_poll("poll");

namespace {

constinit hooked<int(pollfd*, nfds_t, const timespec*, const sigset_t*)> libc_ppoll("ppoll");
constinit hooked<int(int, fd_set*, fd_set*, fd_set*, timeval*)> libc_select("select");
constinit hooked<int(int, fd_set*, fd_set*, fd_set*, const timespec*, const sigset_t*)> libc_pselect("pselect");

/// poll(2), for `nanoseconds` at most; -1: forever.
int poll_on_fiber(pollfd* descriptors, nfds_t count, long long nanoseconds) noexcept {
    const kept_errno before;
    const limit until = nanoseconds < 0 ? limit::never() : limit::in(nanoseconds);
    for (;;) {
        const int ready = libc_poll(descriptors, count, 0);
        if (ready > 0) before.restore();
        if (ready != 0) return ready;
        const int result = wait(nullptr, descriptors, static_cast<unsigned>(count), until);
        if (result == 0) {
            const int late = libc_poll(descriptors, count, 0);
            if (late >= 0) before.restore();
            return late;
        }
        if (result < 0 && result != -EBADF) return fail(-result);  // a closed one poll() itself tells of
    }
}

/// Who asks so does not wait: only looks, or makes a mistake.
bool never_waits(const timespec* timeout) noexcept {
    return timeout && (!is_time(*timeout) || (timeout->tv_sec == 0 && timeout->tv_nsec == 0));
}

// Sets of any length: FD_SETSIZE is what programs declare, and not what the kernel takes.

fd_mask& word_of(fd_set* set, int fd) noexcept { return reinterpret_cast<fd_mask*>(set)[fd / NFDBITS]; }
fd_mask bit_of(int fd) noexcept { return static_cast<fd_mask>(1UL << fd % NFDBITS); }
bool has(fd_set* set, int fd) noexcept { return set && (word_of(set, fd) & bit_of(fd)); }

/// The kernel looks at no more than it has room for in the table of descriptors, whatever a program says (getdtablesize() is much).
int end_of_table() noexcept {
    char text[512] = "";
    const int fd = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) ::syscall(SYS_read, fd, text, sizeof text - 1);
    if (fd >= 0) ::close(fd);
    const char* const line = std::strstr(text, "FDSize:");
    return line ? std::atoi(line + 7) : FD_SETSIZE;
}

int select_on_fiber(int end, fd_set* in, fd_set* out, fd_set* urgent, long long nanoseconds) noexcept {
    if (end < 0) return fail(EINVAL);
    if (end > FD_SETSIZE) end = std::min(end, end_of_table());
    auto* const polled = static_cast<pollfd*>(std::malloc((static_cast<std::size_t>(end) + 1) * sizeof(pollfd)));
    if (!polled) return fail(ENOMEM);
    nfds_t count = 0;
    for (int fd = 0; fd < end; ++fd) {
        const int events = (has(in, fd) ? POLLIN : 0) | (has(out, fd) ? POLLOUT : 0) | (has(urgent, fd) ? POLLPRI : 0);
        if (events) polled[count++] = {fd, static_cast<short>(events), 0};
    }
    int result = poll_on_fiber(polled, count, nanoseconds);
    for (nfds_t i = 0; result > 0 && i < count; ++i) {
        if (polled[i].revents & POLLNVAL) result = fail(EBADF);
    }
    if (result >= 0) {
        result = 0;
        // As select(2) has it: a hang-up is readable, an error both, and each set counts.
        const auto answer = [&](fd_set* set, const pollfd& p, int mask) {
            if (!has(set, p.fd)) return;
            if (p.revents & mask) {
                ++result;
            } else {
                word_of(set, p.fd) &= ~bit_of(p.fd);
            }
        };
        for (nfds_t i = 0; i < count; ++i) {
            answer(in, polled[i], POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR);
            answer(out, polled[i], POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR);
            answer(urgent, polled[i], POLLPRI);
        }
    }
    const int error = errno;
    std::free(polled);
    errno = error;
    return result;
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

int poll(pollfd* descriptors, nfds_t count, int milliseconds) {
    if (milliseconds == 0 || !libc_poll.is_taken_over(__builtin_return_address(0)))
        return libc_poll(descriptors, count, milliseconds);
    return poll_on_fiber(descriptors, count, milliseconds < 0 ? -1 : milliseconds * millisecond);
}
int __poll(pollfd* descriptors, nfds_t count, int milliseconds) { return poll(descriptors, count, milliseconds); }

int ppoll(pollfd* descriptors, nfds_t count, const timespec* timeout, const sigset_t* mask) {
    if (never_waits(timeout) || !libc_ppoll.is_taken_over(__builtin_return_address(0)))
        return libc_ppoll(descriptors, count, timeout, mask);
    if (mask) {  // a signal is waited for as well, for which this thread is to stand still
        report_blocking("ppoll with a signal mask", __builtin_return_address(0));
        return libc_ppoll(descriptors, count, timeout, mask);
    }
    return poll_on_fiber(descriptors, count, timeout ? duration(timeout->tv_sec, timeout->tv_nsec) : -1);
}

int select(int end, fd_set* in, fd_set* out, fd_set* urgent, timeval* timeout) {
    const bool is_wrong = timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0);
    const bool looks_only = timeout && timeout->tv_sec == 0 && timeout->tv_usec == 0;
    if (is_wrong || looks_only || !libc_select.is_taken_over(__builtin_return_address(0)))
        return libc_select(end, in, out, urgent, timeout);
    const limit until = timeout ? limit::in(duration(timeout->tv_sec, timeout->tv_usec * 1000)) : limit::never();
    const int result = select_on_fiber(end, in, out, urgent, until.left());
    if (timeout) {  // on Linux: what is left of it
        const long long left = until.left();
        timeout->tv_sec = left / second;
        timeout->tv_usec = left % second / 1000;
    }
    return result;
}

int pselect(int end, fd_set* in, fd_set* out, fd_set* urgent, const timespec* timeout, const sigset_t* mask) {
    if (never_waits(timeout) || !libc_pselect.is_taken_over(__builtin_return_address(0)))
        return libc_pselect(end, in, out, urgent, timeout, mask);
    if (mask) {
        report_blocking("pselect with a signal mask", __builtin_return_address(0));
        return libc_pselect(end, in, out, urgent, timeout, mask);
    }
    return select_on_fiber(end, in, out, urgent, timeout ? duration(timeout->tv_sec, timeout->tv_nsec) : -1);
}

[[noreturn]] void __chk_fail();
int __poll_chk(pollfd* descriptors, nfds_t count, int milliseconds, std::size_t room) {
    if (room / sizeof(pollfd) < count) __chk_fail();
    return poll(descriptors, count, milliseconds);
}
int __ppoll_chk(pollfd* descriptors, nfds_t count, const timespec* timeout, const sigset_t* mask, std::size_t room) {
    if (room / sizeof(pollfd) < count) __chk_fail();
    return ppoll(descriptors, count, timeout, mask);
}

#pragma GCC visibility pop
}
