// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

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

}  // namespace
