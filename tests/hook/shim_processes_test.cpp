// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace {

using namespace std::chrono_literals;

TEST(shim_processes, a_child_is_waited_for_while_the_loop_goes_on) {
    const hook_tests::ends pipe = hook_tests::make_pipe();
    weft::run([](int from, int to) -> weft::task<> {
        const pid_t child = fork();
        if (child == 0) {
            char c = 0;
            const ssize_t n = read(from, &c, 1);
            _exit(n == 1 ? 7 : 1);
        }
        auto h = weft::create_fiber([child] {
            int status = 0;
            return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : -1;
        });
        co_await weft::sleep(1ms);
        EXPECT_FALSE(h.done());
        EXPECT_EQ(write(to, "x", 1), 1);
        const int code = co_await h;
        EXPECT_EQ(code, 7);
    }(pipe.a.get(), pipe.b.get()));
}

TEST(shim_processes, a_child_forked_on_a_fiber_makes_ordinary_calls) {
    const int code = hook_tests::on_fiber([] {
        const pid_t child = fork();
        if (child == 0) {
            const hook_tests::ends pipe = hook_tests::make_pipe();
            char c = 0;
            const bool ok = write(pipe.b.get(), "x", 1) == 1 && read(pipe.a.get(), &c, 1) == 1;
            sleep(0);
            _exit(ok ? 3 : 1);
        }
        int status = 0;
        return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : -1;
    });
    EXPECT_EQ(code, 3);
}

/// What `call` gives when a child ends by 7, which it does when the loop goes on meanwhile.
int ended_child(int (*call)(pid_t child)) {
    const hook_tests::ends pipe = hook_tests::make_pipe();
    return weft::run([](int from, int to, int (*wait_for_it)(pid_t)) -> weft::task<int> {
        const pid_t child = fork();
        if (child == 0) {
            char c = 0;
            const ssize_t n = read(from, &c, 1);
            _exit(n == 1 ? 7 : 1);
        }
        auto h = weft::create_fiber([child, wait_for_it] { return wait_for_it(child); });
        co_await weft::sleep(1ms);
        EXPECT_FALSE(h.done());
        EXPECT_EQ(write(to, "x", 1), 1);
        co_return co_await h;
    }(pipe.a.get(), pipe.b.get(), call));
}

TEST(shim_processes, any_child_is_waited_for) {
    const auto any = [](pid_t child) {
        int status = 0;
        return wait(&status) == child ? WEXITSTATUS(status) : -1;
    };
    EXPECT_EQ(ended_child(any), 7);
    const auto with_usage = [](pid_t child) {
        int status = 0;
        return wait3(&status, 0, nullptr) == child ? WEXITSTATUS(status) : -1;
    };
    EXPECT_EQ(ended_child(with_usage), 7);
}

TEST(shim_processes, waitid_tells_how_a_child_ended) {
    const auto by_id = [](pid_t child) {
        siginfo_t info{};
        const int result = waitid(P_PID, static_cast<id_t>(child), &info, WEXITED);
        return result == 0 && info.si_pid == child ? info.si_status : -1;
    };
    EXPECT_EQ(ended_child(by_id), 7);
    EXPECT_EQ(hook_tests::on_fiber([] { return waitid(P_ALL, 0, nullptr, WEXITED) == -1 ? errno : 0; }), ECHILD);
}

}  // namespace
