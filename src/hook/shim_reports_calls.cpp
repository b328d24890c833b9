// SPDX-License-Identifier: Apache-2.0
// What is not taken over, and stops the loop: system calls on descriptors, and waits for signals.
#include "hook/descriptors.hpp"
#include "hook/shim.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft_hook {
namespace {

constinit hooked<int(const sigset_t*, int*)> libc_sigwait("sigwait");
constinit hooked<int(const sigset_t*, siginfo_t*)> libc_sigwaitinfo("sigwaitinfo");
constinit hooked<int(const sigset_t*, siginfo_t*, const timespec*)> libc_sigtimedwait("sigtimedwait");
constinit hooked<int(const sigset_t*)> libc_sigsuspend("sigsuspend");
constinit hooked<int()> libc_pause("pause");
constinit hooked<ssize_t(int, int, off_t*, std::size_t)> libc_sendfile("sendfile"), libc_sendfile64("sendfile64");
constinit hooked<ssize_t(int, off64_t*, int, off64_t*, std::size_t, unsigned)> libc_splice("splice");
constinit hooked<int(int, mmsghdr*, unsigned, int, timespec*)> libc_recvmmsg("recvmmsg");
constinit hooked<int(int, mmsghdr*, unsigned, int)> libc_sendmmsg("sendmmsg");

/// A socket or pipe whose callers expect to wait: how much of it is done without is not known before.
bool may_block(int fd) noexcept {
    const kept_errno before;
    struct stat s{};
    const bool may = ::fstat(fd, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISBLK(s.st_mode) && is_blocking(fd);
    before.restore();
    return may;
}

bool is_ready(int fd, short events) noexcept {
    const kept_errno before;
    pollfd now{fd, events, 0};
    const bool is = libc_poll(&now, 1, 0) != 0;
    before.restore();
    return is;
}

/// One of `signals` that is there. @return its number, or -1
int pending(const sigset_t* signals, siginfo_t* info) noexcept {
    const kept_errno before;
    const timespec none{};
    const int signal = libc_sigtimedwait(signals, info, &none);
    if (signal > 0) before.restore();
    return signal;
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

int sigwait(const sigset_t* signals, int* signal) {
    if (!on_fiber()) return libc_sigwait(signals, signal);
    if (const int one = pending(signals, nullptr); one > 0) {
        *signal = one;
        return 0;
    }
    report_blocking("sigwait", __builtin_return_address(0));
    return libc_sigwait(signals, signal);
}
int sigwaitinfo(const sigset_t* signals, siginfo_t* info) {
    if (!on_fiber()) return libc_sigwaitinfo(signals, info);
    if (const int one = pending(signals, info); one > 0) return one;
    report_blocking("sigwaitinfo", __builtin_return_address(0));
    return libc_sigwaitinfo(signals, info);
}
int sigtimedwait(const sigset_t* signals, siginfo_t* info, const timespec* time) {
    if (!on_fiber()) return libc_sigtimedwait(signals, info, time);
    if (const int one = pending(signals, info); one > 0) return one;
    const bool waits = !time || time->tv_sec != 0 || time->tv_nsec != 0;
    if (waits) report_blocking("sigtimedwait", __builtin_return_address(0));
    return libc_sigtimedwait(signals, info, time);
}
int sigsuspend(const sigset_t* mask) {
    if (on_fiber()) report_blocking("sigsuspend", __builtin_return_address(0));
    return libc_sigsuspend(mask);
}
int pause() {
    if (on_fiber()) report_blocking("pause", __builtin_return_address(0));
    return libc_pause();
}

ssize_t sendfile(int to, int from, off_t* at, std::size_t count) noexcept {
    if (on_fiber() && may_block(to)) report_blocking("sendfile", __builtin_return_address(0));
    return libc_sendfile(to, from, at, count);
}
ssize_t sendfile64(int to, int from, off64_t* at, std::size_t count) noexcept {
    static_assert(sizeof(off_t) == sizeof(off64_t));
    if (on_fiber() && may_block(to)) report_blocking("sendfile64", __builtin_return_address(0));
    return libc_sendfile64(to, from, at, count);
}
ssize_t splice(int from, off64_t* from_at, int to, off64_t* to_at, std::size_t count, unsigned flags) {
    constexpr unsigned non_blocking = 2;  // SPLICE_F_NONBLOCK
    if (!(flags & non_blocking) && on_fiber() && (may_block(from) || may_block(to)))
        report_blocking("splice", __builtin_return_address(0));
    return libc_splice(from, from_at, to, to_at, count, flags);
}

int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* time) {
    const bool waits = !(flags & MSG_DONTWAIT) && on_fiber() && may_block(fd);
    if (waits && !((flags & MSG_WAITFORONE) && is_ready(fd, POLLIN)))
        report_blocking("recvmmsg", __builtin_return_address(0));
    return libc_recvmmsg(fd, messages, count, flags, time);
}
int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
    if (!(flags & MSG_DONTWAIT) && on_fiber() && may_block(fd) && !is_ready(fd, POLLOUT))
        report_blocking("sendmmsg", __builtin_return_address(0));
    return libc_sendmmsg(fd, messages, count, flags);
}

#pragma GCC visibility pop
}
