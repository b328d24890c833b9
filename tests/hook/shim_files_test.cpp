// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace {

using namespace std::chrono_literals;
using hook_tests::on_fiber;

/// A file that goes with the test.
struct temporary_file {
    temporary_file() : fd(::mkostemp(path.data(), O_CLOEXEC)) {}
    ~temporary_file() { ::unlink(path.c_str()); }
    std::string path = testing::TempDir() + "weft_hook_XXXXXX";
    weft::unique_fd fd;
};

TEST(shim_files, a_file_is_written_and_read) {
    const temporary_file file;
    const std::string text = on_fiber([fd = file.fd.get()] {
        std::string first = "one ", second = "two";
        const iovec pieces[2] = {{first.data(), first.size()}, {second.data(), second.size()}};
        if (writev(fd, pieces, 2) != 7 || write(fd, "!", 1) != 1) return std::string("not written");
        lseek(fd, 0, SEEK_SET);
        std::string back(20, '-');
        const ssize_t n = read(fd, back.data(), back.size());
        const ssize_t end = read(fd, back.data() + n, 5);
        back.resize(static_cast<std::size_t>(n + end));
        return back;
    });
    EXPECT_EQ(text, "one two!");
}

TEST(shim_files, a_lock_is_waited_for) {
    const temporary_file file;
    weft::run([](const std::string& path) -> weft::task<> {
        const weft::unique_fd one(open(path.c_str(), O_RDWR | O_CLOEXEC)), two(open(path.c_str(), O_RDWR | O_CLOEXEC));
        EXPECT_EQ(flock(one.get(), LOCK_EX), 0);
        auto h = weft::create_fiber([fd = two.get()] { return flock(fd, LOCK_EX); });
        co_await weft::sleep(2ms);
        EXPECT_FALSE(h.done());
        flock(one.get(), LOCK_UN);
        const int locked = co_await h;
        EXPECT_EQ(locked, 0);
    }(file.path));
}

}  // namespace
