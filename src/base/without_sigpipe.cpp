// SPDX-License-Identifier: Apache-2.0
#include "base/without_sigpipe.hpp"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace weft::inline v0 {

namespace {

sigset_t broken_pipe() noexcept {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGPIPE);
    return set;
}

bool is_pending() noexcept {
    sigset_t pending;
    ::sigemptyset(&pending);
    ::sigpending(&pending);
    return ::sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

without_sigpipe::without_sigpipe() noexcept {
    const sigset_t set = broken_pipe();
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
    // One that is pending is somebody else's. Only where it was blocked before can it be.
    was_pending_ = ::sigismember(&before_, SIGPIPE) == 1 && is_pending();
}

without_sigpipe::~without_sigpipe() {
    const int saved = errno;
    if (!was_pending_ && is_pending()) {
        const sigset_t set = broken_pipe();
        const timespec at_once{};
        ::sigtimedwait(&set, nullptr, &at_once);
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = saved;
}

std::ptrdiff_t write_to_pipe(native_handle fd, std::span<const std::byte> bytes) noexcept {
    const without_sigpipe guard;
    for (;;) {
        const auto count = ::write(fd, bytes.data(), bytes.size());
        if (count >= 0) return count;
        if (errno != EINTR) return -errno;
    }
}

}  // namespace weft::inline v0
