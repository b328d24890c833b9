// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hook/shim.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace weft_hook {

/// O_NONBLOCK is not set: who calls expects to wait.
bool is_blocking(int fd) noexcept;

/// How long a call for a socket may wait, however often it does. @param option  SO_RCVTIMEO or SO_SNDTIMEO
class patience {
public:
    patience(int fd, int option) noexcept : fd_(fd), option_(option) {}
    /// Counts from when it is first asked.
    limit until() noexcept;

private:
    const int fd_, option_;
    bool is_asked_ = false;
    limit until_ = limit::never();
};

/// Suspends the fiber until `fd` may be ready. @return false, with errno set: it will not be; EAGAIN: the time is over
bool wait_ready(int fd, short events, limit until) noexcept;

/// The same for who was told before that it is ready, and has found that it is not. If it is said to be even now, what is waited for is
/// something that nothing tells of (room in the queue of who receives a Unix datagram): looks again after a while.
/// @param pause  the last one's length; 0: none before
bool wait_ready_again(int fd, short events, limit until, long long& pause) noexcept;

/// Whoever waits to receive is told of the end. (Unix sockets that were shut down tell it only to calls that wait.)
bool is_shut_down(int fd) noexcept;

/// How it is with most calls.
struct usual_rules {
    static bool blocks(int fd) noexcept { return is_blocking(fd); }
    static ssize_t at_end() noexcept { return 0; }
};

/// Makes a call that does not wait until it has not to.
template <class Rules = usual_rules, class Attempt>
ssize_t retry(int fd, short events, patience& p, Attempt attempt) noexcept {
    const kept_errno before;
    bool waited = false, has_ended = false;
    for (long long pause = 0;;) {
        ssize_t result = attempt();
        if (result < 0 && errno == EAGAIN && has_ended) result = Rules::at_end();
        if (result >= 0) before.restore();
        if (result >= 0 || errno != EAGAIN) return result;
        if (!waited && !Rules::blocks(fd)) return fail(EAGAIN);
        if (waited && events == POLLIN && is_shut_down(fd)) {  // what came before the end is still to be had
            has_ended = true;
            continue;
        }
        const limit until = p.until();
        if (!(waited ? wait_ready_again(fd, events, until, pause) : wait_ready(fd, events, until))) return -1;
        waited = true;
    }
}
template <class Attempt>
ssize_t retry(int fd, short events, int timeout_option, Attempt attempt) noexcept {
    patience p(fd, timeout_option);
    return retry(fd, events, p, attempt);
}

/// The same for all of `bytes`, in as many parts as it takes. @return what was done if not all could be
template <class Attempt>
ssize_t retry_all(int fd, short events, patience& p, std::size_t bytes, Attempt attempt) noexcept {
    const kept_errno before;
    std::size_t done = 0;
    do {
        const ssize_t result = retry(fd, events, p, [&] { return attempt(done); });
        if (result < 0 && done == 0) return -1;
        if (result <= 0) break;
        done += static_cast<std::size_t>(result);
    } while (done < bytes);
    before.restore();
    return static_cast<ssize_t>(done);
}
template <class Attempt>
ssize_t retry_all(int fd, short events, int timeout_option, std::size_t bytes, Attempt attempt) noexcept {
    patience p(fd, timeout_option);
    return retry_all(fd, events, p, bytes, attempt);
}

std::size_t size_of(const iovec* pieces, int count) noexcept;
/// Nothing is to be read or written, or the call is a mistake: libc's, which does not wait.
bool never_waits(const iovec* pieces, int count) noexcept;
/// All of them sent, as retry_all() does.
ssize_t send_pieces(int fd, const msghdr& message, int flags) noexcept;

/// read(2), write(2) and their like of what is no socket.
ssize_t read_pieces(int fd, const iovec* pieces, int count) noexcept;
ssize_t write_pieces(int fd, const iovec* pieces, int count) noexcept;

// libc's, of which others than their hooks have need.
extern hooked<ssize_t(int, void*, std::size_t, int)> libc_recv;
extern hooked<ssize_t(int, const void*, std::size_t, int)> libc_send;
extern hooked<ssize_t(int, msghdr*, int)> libc_recvmsg;
extern hooked<ssize_t(int, const msghdr*, int)> libc_sendmsg;
extern hooked<ssize_t(int, const iovec*, int)> libc_readv;
extern hooked<ssize_t(int, const iovec*, int)> libc_writev;
extern hooked<int(pollfd*, nfds_t, int)> libc_poll;

}  // namespace weft_hook
