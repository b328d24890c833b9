// SPDX-License-Identifier: Apache-2.0
// close() and who waits for what is closed: in this process, in another, and in several loops.
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>

namespace {

using namespace std::chrono_literals;

/// What recv() gives to a fiber while `close_in_another_process` closes its socket and one byte is sent after that.
template <class Close>
int received_after(Close close_in_another_process) {
    return weft::run([](Close close_there) -> weft::task<int> {
        auto sockets = hook_tests::make_socketpair();
        auto h = weft::create_fiber([fd = sockets.a.get()] {
            char c = 0;
            const ssize_t n = recv(fd, &c, 1, 0);
            return n < 0 ? -errno : static_cast<int>(n);
        });
        co_await weft::yield_now();
        const pid_t child = close_there(sockets.a.get());
        int status = -1;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
        EXPECT_EQ(write(sockets.b.get(), "x", 1), 1);
        co_return co_await weft::wait_for(std::move(h), 1s);
    }(close_in_another_process));
}

TEST(shim_files_closing, by_a_forked_child_is_nothing_to_its_parent) {
    EXPECT_EQ(received_after([](int fd) {
                  const pid_t child = fork();
                  if (child == 0) _exit(close(fd));
                  return child;
              }),
              1);
}

TEST(shim_files_closing, by_a_child_in_the_memory_of_its_parent_too) {
    EXPECT_EQ(received_after([](int fd) {  // as vfork() and posix_spawn() have it
                  alignas(16) static char stack[64 * 1024];
                  const auto run = [](void* number) { return close(*static_cast<int*>(number)); };
                  return clone(run, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &fd);
              }),
              1);
}

TEST(shim_files_closing, is_told_to_all_loops_that_take_turns_on_a_thread) {
    auto first = hook_tests::make_socketpair(), second = hook_tests::make_socketpair();
    const auto receive = [](int fd) {
        char c = 0;
        return recv(fd, &c, 1, 0) < 0 ? errno : 0;
    };
    const auto begin = [&](weft::event_loop& loop, std::optional<weft::task_handle<int>>& h, int fd) {
        loop.call_soon([&h, receive, fd] { h = weft::create_fiber(receive, fd); });
        for (int i = 0; i < 4; ++i) loop.run_once();
    };
    const auto turn = [](weft::event_loop& loop) {
        loop.call_soon([] {});
        loop.run_once();
    };
    std::optional<weft::task_handle<int>> in_one, in_two;
    weft::event_loop one;
    {
        weft::event_loop two;
        begin(one, in_one, first.a.get());
        begin(two, in_two, second.a.get());
        first.a.reset();
        second.a.reset();
        for (int i = 0; i < 4; ++i) turn(one), turn(two);
        EXPECT_TRUE(in_one->done());
        EXPECT_TRUE(in_two->done());
        EXPECT_TRUE(in_one->done() && in_one->result() == EBADF);
        in_two.reset();
    }
    in_one.reset();
    first = hook_tests::make_socketpair();
    begin(one, in_one, first.a.get());
    first.a.reset();  // after the other loop has gone
    for (int i = 0; i < 4; ++i) turn(one);
    EXPECT_TRUE(in_one->done());
    in_one.reset();
}

TEST(shim_files_closing, is_not_told_of_a_copy_that_cannot_be_made) {
    const auto pair = hook_tests::make_socketpair();
    weft::run([](int fd, int writer) -> weft::task<> {
        auto h = weft::create_fiber([fd] {
            char c = 0;
            return recv(fd, &c, 1, 0);
        });
        co_await weft::sleep(1ms);
        EXPECT_EQ(dup2(-1, fd), -1);
        EXPECT_EQ(errno, EBADF);
        EXPECT_EQ(dup3(writer, fd, O_APPEND), -1);
        EXPECT_EQ(errno, EINVAL);
        EXPECT_EQ(write(writer, "x", 1), 1);
        const ssize_t received = co_await h;
        EXPECT_EQ(received, 1);
    }(pair.a.get(), pair.b.get()));
}

}  // namespace
