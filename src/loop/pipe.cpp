// SPDX-License-Identifier: Apache-2.0
#include "loop/pipe.hpp"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace weft::inline v0 {

std::ptrdiff_t write_to_pipe(native_handle fd, std::span<const std::byte> bytes) noexcept {
    sigset_t broken_pipe, before, pending;
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
    ::sigemptyset(&pending);
    ::sigpending(&pending);
    std::ptrdiff_t result;
    do {
        result = ::write(fd, bytes.data(), bytes.size());
    } while (result < 0 && errno == EINTR);
    if (result < 0) result = -errno;
    // One that was pending before is somebody else's.
    if (result == -EPIPE && !::sigismember(&pending, SIGPIPE)) {
        const timespec at_once{};
        ::sigtimedwait(&broken_pipe, nullptr, &at_once);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return result;
}

}  // namespace weft::inline v0
