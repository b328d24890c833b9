// SPDX-License-Identifier: Apache-2.0
// Where the kernel has no io_uring, or forbids it, loops run on epoll. Each test makes a process in which that is so, by a
// seccomp filter, which cannot be taken off again.
#include "loop/backend.hpp"

#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <system_error>

namespace {

/// From here on io_uring_setup(2) fails with `error` in this thread, and in those it makes.
bool forbid_io_uring(int error) {
    const auto reject = static_cast<std::uint32_t>(SECCOMP_RET_ERRNO | static_cast<unsigned>(error));
    sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, reject),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{.len = std::size(rules), .filter = rules};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// Ends the process: 0 if a few loops, none named, are epoll's and work.
[[noreturn]] void run_loops_without_io_uring(int error) {
    if (!forbid_io_uring(error)) std::exit(5);
    ::unsetenv("WEFT_BACKEND");
    for (int i = 0; i < 3; ++i) {
        weft::event_loop loop;
        if (std::strcmp(loop.backend_name(), "epoll") != 0) std::exit(1);
        const auto wait = []() -> weft::task<int> {
            co_await weft::sleep(std::chrono::microseconds(1));
            co_return 42;
        };
        if (loop.run_until_complete(wait()) != 42) std::exit(2);
    }
    std::exit(0);
}

/// Ends the process, having printed what a loop on io_uring, which was asked for, says.
[[noreturn]] void insist_on_io_uring(int error) {
    if (!forbid_io_uring(error)) std::exit(5);
    ::setenv("WEFT_BACKEND", "io_uring", 1);
    try {
        const weft::event_loop loop;
    } catch (const std::system_error& e) {
        std::fprintf(stderr, "%s\n", e.what());
        std::exit(e.code().value() == error ? 0 : 3);
    }
    std::exit(4);
}

class backend_fallback_death_test : public testing::Test {
protected:
    void SetUp() override {
        if (!WEFT_WITH_IO_URING) GTEST_SKIP() << "built without io_uring";
        // A process of its own, that has not said yet what it falls back to.
        GTEST_FLAG_SET(death_test_style, "threadsafe");
    }
};

TEST_F(backend_fallback_death_test, an_io_uring_that_is_forbidden_is_one_line_and_epoll) {
    EXPECT_EXIT(run_loops_without_io_uring(EPERM), testing::ExitedWithCode(0),
                testing::StrEq("weft: io_uring: forbidden here (kernel.io_uring_disabled or a seccomp profile): "
                               "Operation not permitted; using epoll\n"));
}

TEST_F(backend_fallback_death_test, an_io_uring_that_the_kernel_has_not_got_is_one_line_and_epoll) {
    EXPECT_EXIT(run_loops_without_io_uring(ENOSYS), testing::ExitedWithCode(0),
                testing::StrEq("weft: io_uring: io_uring_setup: Function not implemented; using epoll\n"));
}

TEST_F(backend_fallback_death_test, an_io_uring_that_is_asked_for_and_not_there_is_an_error) {
    EXPECT_EXIT(insist_on_io_uring(EPERM), testing::ExitedWithCode(0),
                testing::StrEq("io_uring: forbidden here (kernel.io_uring_disabled or a seccomp profile): "
                               "Operation not permitted\n"));
    EXPECT_EXIT(insist_on_io_uring(ENOSYS), testing::ExitedWithCode(0),
                testing::StrEq("io_uring: io_uring_setup: Function not implemented\n"));
}

}  // namespace
