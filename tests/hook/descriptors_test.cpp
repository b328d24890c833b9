// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace {

using hook_tests::on_fiber;

/// How many system calls of this thread's have written, or would have; -1: the kernel does not count.
long long writes_so_far() {
    std::ifstream counts("/proc/thread-self/io");
    std::string name;
    long long count = 0;
    while (counts >> name >> count) {
        if (name == "syscw:") return count;
    }
    return -1;
}

/// By how many of them a fiber's write() writes 20 000 bytes. -1: not all of them
long long calls_to_write(int to) {
    return on_fiber([to] {
        const std::string text(20'000, 'x');
        const long long before = writes_so_far();
        const ssize_t written = write(to, text.data(), text.size());
        return written == 20'000 ? writes_so_far() - before : -1;
    });
}

TEST(descriptors, a_device_is_given_whole_what_may_be_a_message) {
    if (writes_so_far() < 0) GTEST_SKIP() << "the kernel does not count system calls";
    const weft::unique_fd nothing(open("/dev/null", O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(calls_to_write(nothing.get()), 1);
}

TEST(descriptors, a_pipe_is_given_as_much_as_it_surely_takes) {
    if (writes_so_far() < 0) GTEST_SKIP() << "the kernel does not count system calls";
    const hook_tests::ends pipe = hook_tests::make_pipe();
    EXPECT_EQ(calls_to_write(pipe.b.get()), 5);
}

}  // namespace
