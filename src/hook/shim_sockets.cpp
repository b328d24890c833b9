// SPDX-License-Identifier: Apache-2.0
// recv, send and their like; connect and accept.
#include "hook/descriptors.hpp"
#include "hook/shim.hpp"
#include "hook/spin_lock.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>

#include <mutex>

namespace weft_hook {

constinit hooked<ssize_t(int, void*, std::size_t, int)> libc_recv("recv");
constinit hooked<ssize_t(int, const void*, std::size_t, int)> libc_send("send");
constinit hooked<ssize_t(int, msghdr*, int)> libc_recvmsg("recvmsg");
constinit hooked<ssize_t(int, const msghdr*, int)> libc_sendmsg("sendmsg");

namespace {

constinit hooked<ssize_t(int, void*, std::size_t, int, sockaddr*, socklen_t*)> libc_recvfrom("recvfrom");
constinit hooked<ssize_t(int, const void*, std::size_t, int, const sockaddr*, socklen_t)> libc_sendto("sendto");
constinit hooked<int(int, const sockaddr*, socklen_t)> libc_connect("connect");
constinit hooked<int(int, sockaddr*, socklen_t*)> libc_accept("accept");
constinit hooked<int(int, sockaddr*, socklen_t*, int)> libc_accept4("accept4");

/// A call that has no flag for not waiting, of a socket that is made so for as long as it takes.
template <class Call>
ssize_t without_waiting(int fd, Call call) noexcept {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags == -1) return -1;
    if (flags & O_NONBLOCK) return call();
    ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    const ssize_t result = call();
    const int error = errno;
    ::fcntl(fd, F_SETFL, flags);
    errno = error;
    return result;
}

bool never_waits(int flags) noexcept { return flags & (MSG_DONTWAIT | MSG_ERRQUEUE); }
/// All of what is asked for is to be waited for, if it is a stream's.
bool wants_all(int flags) noexcept { return (flags & MSG_WAITALL) && !(flags & MSG_PEEK); }
/// No messages, which are received one by one whatever the flags say.
bool is_stream(int fd) noexcept {
    int type = 0;
    socklen_t length = sizeof type;
    return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

/// @param attempt  receives without waiting, behind the bytes that it is told of
template <class Attempt>
ssize_t receive(int fd, std::size_t size, int flags, Attempt attempt) noexcept {
    const kept_errno before;
    patience p(fd, SO_RCVTIMEO);
    const ssize_t first = retry(fd, POLLIN, p, [&] { return attempt(0); });
    const auto had = static_cast<std::size_t>(first);
    if (first <= 0 || had >= size || !wants_all(flags) || !is_stream(fd)) return first;
    const ssize_t rest = retry_all(fd, POLLIN, p, size - had, [&](std::size_t done) { return attempt(had + done); });
    before.restore();
    return rest > 0 ? first + rest : first;
}

int connect_on_fiber(int fd, const sockaddr* address, socklen_t size) noexcept {
    if (!is_blocking(fd)) return libc_connect(fd, address, size);
    const kept_errno before;
    const limit until = patience(fd, SO_SNDTIMEO).until();
    for (long long pause = millisecond;; pause = pause < 50 * millisecond ? 2 * pause : pause) {
        const ssize_t result = without_waiting(fd, [&] { return libc_connect(fd, address, size); });
        if (result == 0) {
            before.restore();
            return 0;
        }
        if (errno == EINPROGRESS || errno == EALREADY) break;
        if (errno != EAGAIN) return -1;
        // A Unix socket's queue is full, and nothing tells when it is not.
        const long long left = until.left();
        if (left == 0) return fail(EAGAIN);
        if (const int r = wait(nullptr, nullptr, 0, limit::in(left > 0 && left < pause ? left : pause)); r < 0)
            return fail(-r);
    }
    // What has come of it the next call tells; without that one the socket would stay one that is about to connect.
    for (pollfd now{fd, POLLOUT, 0};;) {
        while (libc_poll(&now, 1, 0) == 0) {
            if (!wait_ready(fd, POLLOUT, until)) return errno == EAGAIN ? fail(EINPROGRESS) : -1;
        }
        const ssize_t result = without_waiting(fd, [&] { return libc_connect(fd, address, size); });
        if (result == 0 || errno == EISCONN) break;
        if (errno != EINPROGRESS && errno != EALREADY) return -1;
    }
    before.restore();
    return 0;
}

/// Who listens may be several threads with loops: none must take for the socket's own what another one has set for a moment.
constinit spin_lock listening;
[[gnu::constructor]] void prepare_for_forks() {
    ::pthread_atfork(nullptr, nullptr, [] { listening.unlock(); });
}

struct rules_of_listening {
    static bool blocks(int fd) noexcept {
        const std::lock_guard lock(listening);
        return is_blocking(fd);
    }
    static ssize_t at_end() noexcept { return fail(EINVAL); }
};

template <class Call>
int accept_on_fiber(int fd, Call call) noexcept {
    patience p(fd, SO_RCVTIMEO);
    return static_cast<int>(retry<rules_of_listening>(fd, POLLIN, p, [&] {
        const std::lock_guard lock(listening);
        return without_waiting(fd, call);
    }));
}

}  // namespace
}  // namespace weft_hook

using namespace weft_hook;

extern "C" {
#pragma GCC visibility push(default)

ssize_t recv(int fd, void* to, std::size_t size, int flags) {
    if (never_waits(flags) || !libc_recv.is_taken_over(__builtin_return_address(0)))
        return libc_recv(fd, to, size, flags);
    return receive(fd, size, flags, [&](std::size_t done) {
        return libc_recv(fd, static_cast<char*>(to) + done, size - done, flags | MSG_DONTWAIT);
    });
}

ssize_t recvfrom(int fd, void* to, std::size_t size, int flags, sockaddr* from, socklen_t* length) {
    if (never_waits(flags) || !libc_recvfrom.is_taken_over(__builtin_return_address(0)))
        return libc_recvfrom(fd, to, size, flags, from, length);
    return receive(fd, size, flags, [&](std::size_t done) {
        return libc_recvfrom(fd, static_cast<char*>(to) + done, size - done, flags | MSG_DONTWAIT, from, length);
    });
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    if (never_waits(flags) || !libc_recvmsg.is_taken_over(__builtin_return_address(0)))
        return libc_recvmsg(fd, message, flags);
    if (wants_all(flags) && is_stream(fd)) {  // several times into parts of its pieces: nobody does this
        if (is_blocking(fd)) report_blocking("recvmsg with MSG_WAITALL", __builtin_return_address(0));
        return libc_recvmsg(fd, message, flags);
    }
    return retry(fd, POLLIN, SO_RCVTIMEO, [&] { return libc_recvmsg(fd, message, flags | MSG_DONTWAIT); });
}

ssize_t send(int fd, const void* from, std::size_t size, int flags) {
    if (never_waits(flags) || !libc_send.is_taken_over(__builtin_return_address(0)))
        return libc_send(fd, from, size, flags);
    return retry_all(fd, POLLOUT, SO_SNDTIMEO, size, [&](std::size_t done) {
        return libc_send(fd, static_cast<const char*>(from) + done, size - done, flags | MSG_DONTWAIT);
    });
}

ssize_t sendto(int fd, const void* from, std::size_t size, int flags, const sockaddr* to, socklen_t length) {
    if (never_waits(flags) || !libc_sendto.is_taken_over(__builtin_return_address(0)))
        return libc_sendto(fd, from, size, flags, to, length);
    return retry_all(fd, POLLOUT, SO_SNDTIMEO, size, [&](std::size_t done) {
        return libc_sendto(fd, static_cast<const char*>(from) + done, size - done, flags | MSG_DONTWAIT, to, length);
    });
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    if (never_waits(flags) || !libc_sendmsg.is_taken_over(__builtin_return_address(0)))
        return libc_sendmsg(fd, message, flags);
    return send_pieces(fd, *message, flags);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
    if (!libc_connect.is_taken_over(__builtin_return_address(0))) return libc_connect(fd, address, size);
    return connect_on_fiber(fd, address, size);
}

int accept(int fd, sockaddr* address, socklen_t* size) {
    if (!libc_accept.is_taken_over(__builtin_return_address(0))) return libc_accept(fd, address, size);
    return accept_on_fiber(fd, [&] { return libc_accept(fd, address, size); });
}

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    if (!libc_accept4.is_taken_over(__builtin_return_address(0))) return libc_accept4(fd, address, size, flags);
    return accept_on_fiber(fd, [&] { return libc_accept4(fd, address, size, flags); });
}

// What -D_FORTIFY_SOURCE makes of them.

[[noreturn]] void __chk_fail();

ssize_t __recv_chk(int fd, void* to, std::size_t size, std::size_t room, int flags) {
    if (size > room) __chk_fail();
    return recv(fd, to, size, flags);
}
ssize_t __recvfrom_chk(int fd, void* to, std::size_t size, std::size_t room, int flags, sockaddr* from,
                       socklen_t* length) {
    if (size > room) __chk_fail();
    return recvfrom(fd, to, size, flags, from, length);
}

// Other names that libc has for them.
ssize_t __send(int fd, const void* from, std::size_t size, int flags) { return send(fd, from, size, flags); }
int __connect(int fd, const sockaddr* address, socklen_t size) { return connect(fd, address, size); }

#pragma GCC visibility pop
}
