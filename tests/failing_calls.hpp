// SPDX-License-Identifier: Apache-2.0
// System calls of the program that fail on purpose: those that are no backend's operations, or are epoll's way to carry
// one out. failing_calls.cpp stands in front of the C library's.
#pragma once

#include <atomic>

namespace weft_test {

enum class system_call {
    accept4,
    close,
    epoll_ctl,
    epoll_pwait2,
    fdatasync,
    fsync,
    ftruncate,
    inotify_add_watch,
    inotify_init1,
    open,
    pidfd_open,
    pread,
    pwrite,
    read,
    readdir,
    sendfile,
    statx,
    waitid,
};

/// Which calls fail.
struct failing {
    int error;  ///< with this errno
    int times = 1;  ///< so many of them
    int after = 0;  ///< behind so many that do not
    int fd = -1;  ///< only those of this descriptor; -1: whichever
};

/// While it lives calls fail. One at a time of each system call; on whichever thread they are made.
class failing_calls {
public:
    failing_calls(system_call which, failing how) noexcept;
    failing_calls(const failing_calls&) = delete;
    failing_calls& operator=(const failing_calls&) = delete;
    ~failing_calls();

    /// How many have failed.
    int failed() const noexcept { return failed_; }

    /// The errno with which a call that is made now is to fail; 0: it is to be made.
    static int error_of(system_call which, int fd) noexcept;

private:
    int next_error(int fd) noexcept;

    const system_call which_;
    const failing how_;
    std::atomic<int> made_ = 0, failed_ = 0;
};

}  // namespace weft_test
