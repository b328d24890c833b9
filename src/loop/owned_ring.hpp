// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <liburing.h>

#include <cerrno>
#include <system_error>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace weft::inline v0 {

/// An io_uring for one thread, closed with this.
class owned_ring {
public:
    /// @throws std::system_error
    owned_ring() {
        io_uring_params parameters{};
        // Disabled until first used: the thread that enables it is its single issuer. One bad entry (a path that is too
        // long) does not keep those behind it from being submitted.
        parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED |
                           IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        parameters.cq_entries = completion_entries;
        if (const int error = -::io_uring_queue_init_params(submission_entries, &ring, &parameters)) {
            throw std::system_error(error, std::generic_category(),
                                    error == EINVAL ? "io_uring: this kernel is too old (6.1 is needed)"
                                    : error == EPERM
                                        ? "io_uring: forbidden here (kernel.io_uring_disabled or a seccomp profile)"
                                        : "io_uring: io_uring_setup");
        }
        memory_is_mapped();
    }
    owned_ring(const owned_ring&) = delete;
    owned_ring& operator=(const owned_ring&) = delete;
    ~owned_ring() {
        memory_is_unmapped();
        ::io_uring_queue_exit(&ring);
    }

    io_uring ring;

private:
    static constexpr unsigned submission_entries = 256;
    static constexpr unsigned completion_entries = 4096;

    // liburing maps and unmaps a ring by bare system calls, which the thread sanitizer does not see: to it, a ring where
    // another thread's was is the same memory, raced for. So it is told that the end of each comes before the next.
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
    static inline char every_ring;
    static void memory_is_mapped() noexcept { __tsan_acquire(&every_ring); }
    static void memory_is_unmapped() noexcept { __tsan_release(&every_ring); }
#else
    static void memory_is_mapped() noexcept {}
    static void memory_is_unmapped() noexcept {}
#endif
};

}  // namespace weft::inline v0
