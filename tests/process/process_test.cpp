// SPDX-License-Identifier: Apache-2.0
// What a child does and how it ends, with real programs.
#include "process/children.hpp"

#include <array>
#include <csignal>

#include <unistd.h>

using namespace weft_test;

namespace {

TEST(process, ends_with_a_code) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"sh", "-c", "exit 7"});
        EXPECT_GT(p.pid(), 0);
        const weft::exit_status s = co_await p.wait();
        EXPECT_EQ(s, weft::exit_status::exited(7));
        EXPECT_EQ(p.status(), s);
        EXPECT_EQ(p.returncode(), 7);
        EXPECT_EQ(co_await p.wait(), s);  // again
    });
}

TEST(process, by_a_shell) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("exit $((3 + 5))");
        EXPECT_EQ((co_await p.wait()).code(), 8);
    });
}

TEST(process, has_pipes_beside_those_of_the_system) {
    run_with_children([]() -> weft::task<> {
        using namespace weft;
        std::array<int, 2> ends{};
        EXPECT_EQ(pipe(ends.data()), 0);
        const unique_fd read_end(ends[0]), write_end(ends[1]);
        const process_options options{.stdin_ = pipe, .stdout_ = pipe};
        auto p = co_await spawn_process({"cat"}, options);
        EXPECT_EQ((co_await p.communicate("through")).out, "through");
    });
}

TEST(process, is_killed_and_terminated) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process(blocked);
        EXPECT_EQ(p.returncode(), std::nullopt);
        p.kill();
        EXPECT_EQ((co_await p.wait()).signal(), SIGKILL);
        EXPECT_EQ(p.returncode(), -SIGKILL);
        auto q = co_await weft::spawn_process(blocked);
        q.terminate();
        EXPECT_EQ(co_await q.wait(), weft::exit_status::killed(SIGTERM));
    });
}

TEST(process, gets_signals_with_their_default_and_none_blocked) {
    std::signal(SIGHUP, SIG_IGN);
    sigset_t usr1, before;
    ::sigemptyset(&usr1);
    ::sigaddset(&usr1, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &usr1, &before);
    run_with_children([]() -> weft::task<> {
        for (const int signal : {SIGHUP, SIGUSR1, SIGPIPE}) {
            auto p = co_await weft::run_shell("echo ready; exec sleep 3600", {.stdout_ = weft::pipe});
            EXPECT_EQ(co_await p.stdout_.read_line(), "ready");
            p.send_signal(signal);
            EXPECT_EQ((co_await p.wait()).signal(), signal);
        }
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    std::signal(SIGHUP, SIG_DFL);
}

TEST(process, that_has_ended_is_sent_no_signal) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"true"});
        co_await p.wait();
        try {
            p.kill();
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::no_such_process);
            EXPECT_THAT(e.what(), testing::HasSubstr("send SIGKILL to child process"));
            EXPECT_THAT(e.what(), testing::HasSubstr("(true)"));
        }
    });
}

TEST(process, that_has_ended_unnoticed_bears_signals) {
    run_with_children([]() -> weft::task<> {
        for (int i = 0; i < 10; ++i) {
            auto p = co_await weft::spawn_process({"true"});
            siginfo_t info{};
            ::waitid(P_PID, static_cast<id_t>(p.pid()), &info,
                     WEXITED | WNOWAIT);  // it has ended, the loop does not know
            p.send_signal(SIGUSR1);
            p.kill();
            EXPECT_EQ(co_await p.wait(), weft::exit_status::exited(0));
        }
    });
}

TEST(process, several_tasks_may_wait_for_it) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe});
        const auto wait = [](weft::process& of) -> weft::task<int> { co_return (co_await of.wait()).returncode(); };
        std::vector<weft::task_handle<int>> waiting;
        for (int i = 0; i < 10; ++i) waiting.push_back(weft::create_task(wait(p)));
        co_await weft::yield_now();
        p.stdin_.close();
        for (auto& w : waiting) EXPECT_EQ(co_await w, 0);
    });
}

TEST(process, a_wait_that_is_cancelled_does_not_end_it) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
        auto waiting = weft::create_task(p.wait());
        co_await weft::yield_now();
        waiting.cancel();
        EXPECT_THROW(co_await waiting, weft::cancelled_error);
        co_await p.stdin_.write("alive\n");
        EXPECT_EQ(co_await p.stdout_.read_line(), "alive");
        EXPECT_THROW(co_await weft::wait_for(p.wait(), std::chrono::milliseconds(1)), weft::timeout_error);
        p.kill();
        EXPECT_EQ((co_await p.wait()).signal(), SIGKILL);
    });
}

TEST(process, a_wait_that_is_woken_and_then_cancelled_leaves_the_status_for_the_next) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process(blocked);
        auto first = weft::create_task(p.wait());
        auto second = weft::create_task([](weft::process& of, auto& other) -> weft::task<> {
            co_await of.wait();
            other.cancel();
        }(p, first));
        co_await weft::yield_now();
        p.kill();
        co_await second;
        EXPECT_EQ(p.returncode(), -SIGKILL);
        EXPECT_TRUE(co_await weft::try_(std::move(first)));
        EXPECT_EQ((co_await p.wait()).signal(), SIGKILL);
    });
}

TEST(process, a_wait_may_be_one_of_several) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process(blocked, {.stdout_ = weft::pipe});
        auto q = co_await weft::spawn_process({"true"});
        const auto first = co_await weft::select(p.wait(), q.wait(), p.stdout_.read_line());
        EXPECT_EQ(first.index(), 1u);
        p.kill();
        co_await p.wait();
    });
}

TEST(process, may_be_destroyed_while_a_task_waits_for_its_end) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe});
        auto waiting = weft::create_task(p.wait());
        co_await weft::yield_now();
        p = weft::process();  // which closes its stdin
        EXPECT_EQ(co_await waiting, weft::exit_status::exited(0));
    });
}

TEST(process, a_wait_that_is_destroyed_leaves_the_status_to_the_others) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe});
        auto waiting = weft::create_task(p.wait());
        const auto first = co_await weft::select(p.wait(), weft::sleep(std::chrono::milliseconds(1)));
        EXPECT_EQ(first.index(), 1u);
        p.stdin_.close();
        EXPECT_EQ(co_await waiting, weft::exit_status::exited(0));
    });
}

TEST(process, whose_loop_is_destroyed_while_a_task_waits_is_killed_and_reaped) {
    const auto before = open_descriptors();
    destroy_while_waiting([]() -> weft::task<> {
        auto p = co_await weft::spawn_process(blocked);
        co_await p.wait();
    });
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(process, a_wait_ends_with_the_child_though_its_own_children_hold_the_pipe) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::run_shell("sleep 3600 & echo $!; wait", {.stdout_ = weft::pipe});
        const int grandchild = std::stoi(*co_await p.stdout_.read_line());
        p.kill();
        EXPECT_EQ((co_await p.wait()).signal(), SIGKILL);
        EXPECT_FALSE(p.stdout_.at_eof());
        ::kill(grandchild, SIGKILL);
        EXPECT_EQ(co_await p.stdout_.read_all(), "");
    });
}

TEST(process, that_nobody_holds_is_reaped_when_it_ends) {
    run_with_children([]() -> weft::task<> {
        int pid = 0;
        {
            auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe});
            pid = p.pid();
        }
        // One that ends later: when that is noticed, the first was as well.
        auto later = co_await weft::run_shell("while kill -0 " + std::to_string(pid) + " 2>/dev/null; do :; done");
        co_await later.wait();
    });
}

TEST(process, is_killed_and_reaped_when_its_loop_closes) {
    int kept = 0, dropped = 0;
    weft::process outlives;
    run_with_children([&]() -> weft::task<> {
        outlives = co_await weft::spawn_process(blocked);
        kept = outlives.pid();
        dropped = (co_await weft::spawn_process(blocked)).pid();
    });
    EXPECT_EQ(::kill(kept, 0), -1);
    EXPECT_EQ(::kill(dropped, 0), -1);
    EXPECT_EQ(outlives.status(), weft::exit_status::killed(SIGKILL));
}

TEST(process, that_is_detached_outlives_its_loop) {
    int pid = 0;
    weft::testing::run([](int& of) -> weft::task<> {
        auto p = co_await weft::spawn_process(blocked);
        of = p.pid();
        p.detach();
    }(pid));
    ASSERT_EQ(::kill(pid, 0), 0);
    ::kill(pid, SIGKILL);
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(process, whose_status_another_has_taken_is_reported_once_as_255) {
    run_with_children([]() -> weft::task<> {
        std::vector<std::string> reports;
        weft::get_running_loop().set_exception_handler(
            [&](weft::event_loop&, const weft::error_context& c) { reports.push_back(c.message); });
        auto p = co_await weft::spawn_process({"sh", "-c", "exit 3"});
        ::waitpid(p.pid(), nullptr, 0);
        p.kill();  // unnoticed: nothing happens
        EXPECT_EQ(co_await p.wait(), weft::exit_status::unknown());
        EXPECT_EQ(p.returncode(), 255);
        EXPECT_THAT(reports, testing::ElementsAre(testing::HasSubstr("its exit status was read elsewhere")));
    });
}

TEST(process, in_a_program_that_ignores_sigchld_has_no_status) {
    std::signal(SIGCHLD, SIG_IGN);
    run_with_children([]() -> weft::task<> {
        weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        for (int i = 0; i < 20; ++i) {
            auto p = co_await weft::spawn_process({"true"});
            EXPECT_FALSE((co_await p.wait()).is_known());
        }
    });
    std::signal(SIGCHLD, SIG_DFL);
}

TEST(process, a_thousand_in_sequence_leave_no_trace) {
    run_with_children([]() -> weft::task<> {
        for (int i = 0; i < 1000; ++i) {
            auto p = co_await weft::spawn_process({"/bin/true"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
            EXPECT_TRUE((co_await p.wait()).success());
        }
    });
}

TEST(process, a_hundred_at_once_are_told_apart) {
    run_with_children([]() -> weft::task<> {
        const auto one = [](int i) -> weft::task<int> {
            auto p = co_await weft::run_shell("read x; exit $x", {.stdin_ = weft::pipe});
            co_await p.stdin_.write(std::to_string(i) + "\n");
            co_return (co_await p.wait()).code().value_or(-1);
        };
        std::vector<weft::task<int>> all;
        for (int i = 0; i < 100; ++i) all.push_back(one(i));
        const auto codes = co_await weft::gather(std::move(all));
        for (int i = 0; i < 100; ++i) EXPECT_EQ(codes[static_cast<std::size_t>(i)], i);
    });
}

TEST(process, on_several_loops_in_threads) {
    const auto before = open_descriptors();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([] {
            weft::run([]() -> weft::task<> {
                for (int i = 0; i < 20; ++i) EXPECT_EQ(co_await output_of("echo hello"), "hello\n");
            }());
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(open_descriptors(), before);
}

TEST(process, of_a_parent_is_left_alone_by_a_forked_copy_of_it) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
        const pid_t copy = ::fork();
        if (copy == 0) {
            static_cast<void>(weft::process(std::move(p)));
            ::_exit(0);
        }
        int status = 1;
        ::waitpid(copy, &status, 0);
        EXPECT_EQ(status, 0);
        auto [out, err] = co_await p.communicate("alive");
        EXPECT_EQ(out, "alive");
        EXPECT_TRUE(p.status()->success());
    });
}

TEST(process, in_a_forked_child_of_a_program_that_uses_loops) {
    run_with_children([]() -> weft::task<> {
        auto p = co_await weft::spawn_process({"cat"}, {.stdin_ = weft::pipe});
        const pid_t copy = ::fork();
        if (copy == 0) {
            int code = 1;
            std::thread([&] {  // which has no loop yet
                code = weft::run(
                    []() -> weft::task<int> { co_return co_await output_of("echo hello") == "hello\n" ? 0 : 2; }());
            })
                .join();
            ::_exit(code);
        }
        int status = 1;
        ::waitpid(copy, &status, 0);
        EXPECT_EQ(status, 0);
        co_await p.communicate();
    });
}

TEST(process, with_a_pipe_of_limit_0_is_refused) {
    run_with_children([]() -> weft::task<> {
        const weft::process_options options{.stdout_ = weft::pipe, .limit = 0};
        bool refused = false;
        try {
            co_await weft::spawn_process({"true"}, options);
        } catch (const std::invalid_argument&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    });
}

TEST(process, that_was_moved_from_or_never_made_says_so) {
    weft::process none;
    EXPECT_FALSE(none);
    EXPECT_THROW(none.pid(), weft::invalid_state_error);
    EXPECT_THROW(none.kill(), weft::invalid_state_error);
    EXPECT_THROW(static_cast<void>(none.wait()), weft::invalid_state_error);
    weft::testing::run([]() -> weft::task<> {
        weft::process never;
        EXPECT_THROW(co_await never.communicate(), weft::invalid_state_error);
    }());
}

TEST(process, without_a_pipe_says_so_when_its_output_is_read) {
    weft::run([]() -> weft::task<> {
        weft::process p = co_await weft::spawn_process({"true"});
        std::string said;
        try {
            co_await p.stdout_.read_line();
        } catch (const weft::invalid_state_error& e) {
            said = e.what();
        }
        EXPECT_NE(said.find("given no pipe"), std::string::npos) << said;
        co_await p.wait();
    }());
}

}  // namespace
