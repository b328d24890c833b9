// SPDX-License-Identifier: Apache-2.0
// The io_uring backend and a second ring, by which tests put completions among the first one's, or keep its submissions from
// the kernel.
#pragma once

#include "io/operations.hpp"

#include <weft/base/unique_fd.hpp>

#include <fcntl.h>
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

namespace weft_test {

class io_uring_and_another : public operations {
protected:
    void SetUp() override {
        if (backend_->name() != std::string_view("io_uring")) GTEST_SKIP() << "is about io_uring";
        if (::io_uring_queue_init(2, &other_, 0) != 0) GTEST_SKIP() << "no second ring to be had";
        has_other_ = true;
        turn_a_little();
        if (!tell(never_used, 0)) GTEST_SKIP() << "this kernel does not send to a ring of this kind";
        turn_a_little();
        ::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, messages_);
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, bytes_);
    }
    void TearDown() override {
        for (const int fd : {messages_[0], messages_[1], bytes_[0], bytes_[1]}) {
            if (fd >= 0) backend_->close(fd);
        }
        backend_.reset();  // before the operations, of which the kernel may have one twice
        if (has_other_) ::io_uring_queue_exit(&other_);
    }

    /// The next wait brings this of the operation in a slot that was not used before. @return false: not on this kernel
    bool tell(std::uint64_t slot, int result) {
        io_uring_sqe* const e = ::io_uring_get_sqe(&other_);
        ::io_uring_prep_msg_ring(e, backend_->poll_fd(), static_cast<unsigned>(result), slot, 0);
        ::io_uring_submit(&other_);
        io_uring_cqe* answer = nullptr;
        if (::io_uring_wait_cqe(&other_, &answer) != 0) return false;
        const bool is_told = answer->res >= 0;
        ::io_uring_cqe_seen(&other_, answer);
        return is_told;
    }

    /// While it lives, the kernel takes no submission of the backend's: it looks for them in the other ring.
    class nothing_submitted {
    public:
        explicit nothing_submitted(const io_uring_and_another& test)
            : ring_(test.backend_->poll_fd()), kept_(::fcntl(ring_, F_DUPFD_CLOEXEC, 0)) {
            ::dup3(test.other_.ring_fd, ring_, O_CLOEXEC);
        }
        nothing_submitted(const nothing_submitted&) = delete;
        nothing_submitted& operator=(const nothing_submitted&) = delete;
        ~nothing_submitted() { ::dup3(kept_.get(), ring_, O_CLOEXEC); }

    private:
        const int ring_;
        const weft::unique_fd kept_;
    };

    static constexpr std::uint64_t never_used = ~std::uint64_t{1};  // the backend's own word for "nobody's"
    io_uring other_{};
    bool has_other_ = false;
    int messages_[2] = {-1, -1}, bytes_[2] = {-1, -1};
};

}  // namespace weft_test
