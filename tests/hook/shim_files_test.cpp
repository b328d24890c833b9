// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
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

/// A file that is neither read nor written without a wait, on all kernels: the name of this process.
struct file_of_the_kernel {
    file_of_the_kernel() : fd(::open("/proc/self/comm", O_RDWR | O_CLOEXEC)) { before.resize(read(before)); }
    ~file_of_the_kernel() { (void)!::write(fd.get(), before.data(), before.size()); }
    std::size_t read(std::string& to) const {
        const ssize_t n = ::pread(fd.get(), to.data(), to.size(), 0);
        return n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    std::string now() const {
        std::string text(32, '-');
        text.resize(read(text));
        return text;
    }
    weft::unique_fd fd;
    std::string before = std::string(32, '-');
};

TEST(shim_files, what_is_not_in_memory_is_read_and_written_on_another_thread) {
    const file_of_the_kernel file;
    weft::run([](int fd) -> weft::task<> {
        hook_tests::held_executor held;
        std::string back(32, '-');
        auto h = weft::create_fiber([&] {
            if (write(fd, "weft_file", 9) != 9) return -1L;
            lseek(fd, 0, SEEK_SET);
            return static_cast<long>(read(fd, back.data(), back.size()));
        });
        co_await weft::sleep(1ms);
        EXPECT_FALSE(h.done());
        held.let_go();
        const long n = co_await h;
        EXPECT_EQ(n, 10);
        EXPECT_EQ(back.substr(0, 10), "weft_file\n");
    }(file.fd.get()));
}

TEST(shim_files, cancelled_while_writing_and_reading_ends_first) {
    const file_of_the_kernel file;
    weft::run([](int fd) -> weft::task<> {
        hook_tests::held_executor held;
        ssize_t written = 0, got = 0;
        std::string back(32, '-');
        auto writes = weft::create_fiber([&] { written = write(fd, "weft_ends", 9); });
        auto reads = weft::create_fiber([&] { got = read(fd, back.data(), back.size()); });
        co_await weft::sleep(1ms);
        writes.cancel();
        reads.cancel();
        co_await hook_tests::ended(writes);  // no thread has begun: they are made here
        co_await hook_tests::ended(reads);
        EXPECT_EQ(written, 9);
        EXPECT_GT(got, 0);
    }(file.fd.get()));
    EXPECT_EQ(file.now(), "weft_ends\n");
}

TEST(shim_files, written_after_a_cancellation) {
    const file_of_the_kernel file;
    const auto sockets = hook_tests::make_socketpair();
    weft::run([](int fd, int socket) -> weft::task<> {
        int error = 0;
        ssize_t written = 0;
        auto h = weft::create_fiber([&] {
            char c = 0;
            if (recv(socket, &c, 1, 0) < 0) error = errno;
            written = write(fd, "weft_bye", 8);
        });
        co_await weft::yield_now();
        h.cancel();
        co_await hook_tests::ended(h);
        EXPECT_EQ(error, ECANCELED);
        EXPECT_EQ(written, 8);
    }(file.fd.get(), sockets.a.get()));
    EXPECT_EQ(file.now(), "weft_bye\n");
}

TEST(shim_files, destroyed_while_reading_and_written_however_often_after_that) {
    const file_of_the_kernel file;
    const auto sockets = hook_tests::make_socketpair();
    int written = 0;
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        loop.call_soon([&] {
            weft::spawn([](int fd, int socket, int& count) -> weft::task<> {
                co_await weft::create_fiber([&] {
                    char c = 0;
                    if (recv(socket, &c, 1, 0) == 1) return;
                    for (int i = 0; i < 150; ++i) count += write(fd, "weft_end", 8) == 8;
                });
            }(file.fd.get(), sockets.a.get(), written));
        });
        for (int i = 0; i < 3; ++i) loop.run_once();
    }
    EXPECT_EQ(written, 150);
}

}  // namespace
