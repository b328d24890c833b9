// SPDX-License-Identifier: Apache-2.0
#include "loop/fork_guard.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/task.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string_view>

namespace {

/// The exit status of a child process that runs `f` and exits with what it returns.
int in_child(const std::function<int()>& f) {
    const pid_t child = ::fork();
    if (child == 0) {
        int status = 99;
        try {
            status = f();
        } catch (...) {
        }
        ::_exit(status);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool is_refused(const std::function<void()>& f) {
    try {
        f();
    } catch (const weft::invalid_state_error& e) {
        return std::string_view(e.what()).find("fork()") != std::string_view::npos;
    }
    return false;
}

weft::task<int> one() { co_return 1; }

TEST(fork_guard, knows_a_child_from_its_parent) {
    const weft::fork_guard guard;
    EXPECT_FALSE(guard.in_child());
    EXPECT_EQ(in_child([&] { return guard.in_child() ? 0 : 1; }), 0);
    EXPECT_FALSE(guard.in_child());
}

TEST(fork_guard, a_child_may_not_use_its_parents_loop) {
    weft::event_loop loop;
    EXPECT_EQ(loop.run_until_complete(one()), 1);
    EXPECT_EQ(in_child([&] { return is_refused([&] { loop.run_once(); }) ? 0 : 1; }), 0);
    EXPECT_EQ(in_child([&] { return is_refused([&] { loop.run_forever(); }) ? 0 : 1; }), 0);
    EXPECT_EQ(in_child([&] { return is_refused([&] { loop.run_until_complete(one()); }) ? 0 : 1; }), 0);
    EXPECT_EQ(loop.run_until_complete(one()), 1);  // the parent's is as well as before
}

TEST(fork_guard, a_fork_inside_a_running_loop_is_noticed_in_the_childs_next_turn) {
    weft::event_loop loop;
    pid_t child = -1;
    loop.call_soon([&] { child = ::fork(); });
    loop.call_soon([&] {
        if (child != 0) loop.stop();
    });
    bool refused = false;
    try {
        loop.run_forever();
    } catch (const weft::invalid_state_error&) {
        refused = true;
    }
    if (child == 0) ::_exit(refused ? 0 : 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    EXPECT_FALSE(refused);
}

TEST(fork_guard, a_child_may_make_a_loop_of_its_own) {
    weft::event_loop loop;
    loop.run_once();
    EXPECT_EQ(in_child([] { return weft::run(one()) == 1 ? 0 : 1; }), 0);
}

TEST(fork_guard, a_child_that_closes_its_parents_loop_leaves_the_parents_alone) {
    weft::event_loop loop;
    int signals = 0;
    loop.add_signal_handler(SIGUSR1, [&] {
        ++signals;
        loop.stop();
    });
    loop.run_once();
    EXPECT_EQ(in_child([&] {
                  loop.close();
                  return 0;
              }),
              0);
    ::raise(SIGUSR1);
    loop.call_later(std::chrono::seconds(5), [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(signals, 1);
}

TEST(fork_guard, a_childs_signals_are_its_own) {
    weft::event_loop loop;
    int signals = 0;
    loop.add_signal_handler(SIGUSR1, [&] { ++signals; });
    const pid_t child = ::fork();
    if (child == 0) {
        ::raise(SIGUSR1);
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1) << status;
    for (int i = 0; i < 3; ++i) loop.run_once();
    EXPECT_EQ(signals, 0);
}

}  // namespace
