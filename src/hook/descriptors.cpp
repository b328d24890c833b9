// SPDX-License-Identifier: Apache-2.0
#include "hook/descriptors.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

namespace weft_hook {

bool is_blocking(int fd) noexcept {
    const int flags = ::fcntl(fd, F_GETFL);
    return flags != -1 && !(flags & O_NONBLOCK);
}

limit patience::until() noexcept {
    timeval t{};
    socklen_t size = sizeof t;
    if (is_asked_) return until_;
    is_asked_ = true;
    if (::getsockopt(fd_, SOL_SOCKET, option_, &t, &size) == 0 && (t.tv_sec != 0 || t.tv_usec != 0))
        until_ = limit::in(duration(t.tv_sec, t.tv_usec * 1000));
    return until_;
}

bool wait_ready(int fd, short events, limit until) noexcept {
    const pollfd one{fd, events, 0};
    const int result = wait(nullptr, &one, 1, until);
    if (result == 0) errno = EAGAIN;
    if (result < 0) errno = -result;
    return result > 0;
}

bool wait_ready_again(int fd, short events, limit until, long long& pause) noexcept {
    if (pollfd now{fd, events, 0}; libc_poll(&now, 1, 0) <= 0) {
        pause = 0;
        return wait_ready(fd, events, until);
    }
    pause = pause == 0 ? millisecond : pause < 50 * millisecond ? 2 * pause : pause;
    const long long left = until.left();
    if (left == 0) {
        errno = EAGAIN;
        return false;
    }
    const int result = wait(nullptr, nullptr, 0, limit::in(left > 0 && left < pause ? left : pause));
    if (result < 0) errno = -result;
    return result >= 0;
}

bool is_shut_down(int fd) noexcept {
    pollfd now{fd, POLLRDHUP, 0};
    return libc_poll(&now, 1, 0) > 0 && (now.revents & POLLRDHUP);
}

std::size_t size_of(const iovec* pieces, int count) noexcept {
    std::size_t bytes = 0;
    for (int i = 0; i < count; ++i) bytes += pieces[i].iov_len;
    return bytes;
}

bool never_waits(const iovec* pieces, int count) noexcept {
    return count <= 0 || count > IOV_MAX || size_of(pieces, count) == 0;
}

namespace {

/// What is left of `count` pieces after the first `done` bytes, up to 64 of them. @return how many
int rest_of(const iovec* pieces, int count, std::size_t done, iovec (&rest)[64]) noexcept {
    int n = 0;
    for (int i = 0; i < count && n < 64; ++i) {
        if (done >= pieces[i].iov_len) {
            done -= pieces[i].iov_len;
            continue;
        }
        rest[n++] = {static_cast<char*>(pieces[i].iov_base) + done, pieces[i].iov_len - done};
        done = 0;
    }
    return n;
}

enum class sort { file, pipe, device, other };
/// @param refused  O_RDONLY or O_WRONLY: what is open for that alone cannot be waited for, nor what does not block
sort sort_of(int fd, int refused) noexcept {
    const int flags = ::fcntl(fd, F_GETFL);
    struct stat s{};
    if (flags == -1 || (flags & O_NONBLOCK) || (flags & O_ACCMODE) == refused || ::fstat(fd, &s) != 0)
        return sort::other;
    if (S_ISREG(s.st_mode) || S_ISBLK(s.st_mode)) return sort::file;
    if (S_ISFIFO(s.st_mode)) return sort::pipe;
    return S_ISDIR(s.st_mode) ? sort::other : sort::device;
}

/// Of a file: what is in memory here, what is not on another thread.
template <class Now, class Later>
ssize_t on_file(const iovec* pieces, int count, Now now, Later later) noexcept {
    const kept_errno before;
    const std::size_t all = size_of(pieces, count);
    const ssize_t had = now();
    if (had == 0 || (had > 0 && static_cast<std::size_t>(had) == all)) {
        before.restore();
        return had;
    }
    if (had < 0 && errno != EAGAIN && errno != EOPNOTSUPP && errno != ENOSYS) return -1;
    const std::size_t done = had > 0 ? static_cast<std::size_t>(had) : 0;
    struct job {
        iovec rest[64];
        int n;
        Later call;
        ssize_t operator()() const { return call(rest, n); }
    } j{{}, 0, later};
    j.n = rest_of(pieces, count, done, j.rest);
    const ssize_t more = elsewhere(j, true);
    if (more < 0) return done > 0 ? had : -1;
    before.restore();
    return static_cast<ssize_t>(done) + more;
}

}  // namespace

ssize_t send_pieces(int fd, const msghdr& message, int flags) noexcept {
    const auto count = static_cast<int>(message.msg_iovlen);
    return retry_all(fd, POLLOUT, SO_SNDTIMEO, size_of(message.msg_iov, count), [&](std::size_t done) -> ssize_t {
        if (done == 0) return libc_sendmsg(fd, &message, flags | MSG_DONTWAIT);
        iovec rest[64];
        msghdr next{};  // a stream's, which needs no address; descriptors have gone with the first part
        next.msg_iov = rest;
        next.msg_iovlen = static_cast<std::size_t>(rest_of(message.msg_iov, count, done, rest));
        return libc_sendmsg(fd, &next, flags | MSG_DONTWAIT);
    });
}

ssize_t read_pieces(int fd, const iovec* pieces, int count) noexcept {
    const sort s = sort_of(fd, O_WRONLY);
    if (s == sort::file) {
        return on_file(
            pieces, count, [=] { return ::preadv2(fd, pieces, count, -1, RWF_NOWAIT); },
            [fd](const iovec* rest, int n) { return libc_readv(fd, rest, n); });
    }
    while (s != sort::other) {
        pollfd now{fd, POLLIN, 0};
        if (libc_poll(&now, 1, 0) != 0) break;
        if (!wait_ready(fd, POLLIN, limit::never())) return -1;
    }
    return libc_readv(fd, pieces, count);
}

ssize_t write_pieces(int fd, const iovec* pieces, int count) noexcept {
    const sort s = sort_of(fd, O_RDONLY);
    if (s == sort::file) {
        return on_file(
            pieces, count, [=] { return ::pwritev2(fd, pieces, count, -1, RWF_NOWAIT); },
            [fd](const iovec* rest, int n) { return libc_writev(fd, rest, n); });
    }
    if (s == sort::other) return libc_writev(fd, pieces, count);
    // A pipe that is writable takes as much as is written at once in any case, and no more for certain.
    // What is written to other devices (tun, FUSE) may be a message.
    const std::size_t all = size_of(pieces, count);
    std::size_t done = 0;
    do {
        pollfd now{fd, POLLOUT, 0};
        while (libc_poll(&now, 1, 0) == 0) {
            if (!wait_ready(fd, POLLOUT, limit::never())) return done > 0 ? static_cast<ssize_t>(done) : -1;
        }
        if (s == sort::device) return libc_writev(fd, pieces, count);
        iovec rest[64];
        int n = rest_of(pieces, count, done, rest);
        std::size_t part = 0;
        for (int i = 0; i < n; ++i) {
            if (part + rest[i].iov_len > PIPE_BUF) {
                rest[i].iov_len = PIPE_BUF - part;
                n = i + 1;
            }
            part += rest[i].iov_len;
        }
        const ssize_t written = libc_writev(fd, rest, n);
        if (written < 0) return done > 0 ? static_cast<ssize_t>(done) : -1;
        done += static_cast<std::size_t>(written);
    } while (done < all);
    return static_cast<ssize_t>(done);
}

}  // namespace weft_hook
