// SPDX-License-Identifier: Apache-2.0
#include "loop/signal_inbox.hpp"

#include "io/operations.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace {

struct signal_inbox : testing::Test {
    void TearDown() override {
        for (const int s : {SIGUSR1, SIGUSR2}) std::signal(s, SIG_DFL);
    }
    /// Lets what has arrived be handled.
    void run_some_turns() {
        for (int i = 0; i < 4; ++i) loop.run_once();
    }
    weft::event_loop loop;
    std::string log;
};

TEST_F(signal_inbox, a_handler_is_called_on_the_loop_and_not_in_the_signal) {
    loop.add_signal_handler(SIGUSR1, [&] {
        EXPECT_EQ(weft::event_loop::current(), &loop);
        log += 'a';
        loop.stop();
    });
    ::raise(SIGUSR1);
    EXPECT_EQ(log, "");
    loop.run_forever();
    EXPECT_EQ(log, "a");
}

TEST_F(signal_inbox, each_signal_has_its_handler_and_they_come_in_order) {
    loop.add_signal_handler(SIGUSR1, [&] { log += '1'; });
    loop.add_signal_handler(SIGUSR2, [&] { log += '2'; });
    for (const int s : {SIGUSR2, SIGUSR1, SIGUSR2, SIGUSR1}) ::raise(s);
    run_some_turns();
    EXPECT_EQ(log, "2121");
}

TEST_F(signal_inbox, a_signal_from_another_thread_wakes_a_loop_that_waits) {
    loop.add_signal_handler(SIGUSR1, [&] { loop.stop(); });
    std::thread sender([self = ::pthread_self()] { ::pthread_kill(self, SIGUSR1); });
    loop.run_forever();
    sender.join();
}

TEST_F(signal_inbox, a_second_handler_replaces_the_first) {
    loop.add_signal_handler(SIGUSR1, [&] { log += 'a'; });
    loop.add_signal_handler(SIGUSR1, [&] { log += 'b'; });
    ::raise(SIGUSR1);
    run_some_turns();
    EXPECT_EQ(log, "b");
}

volatile std::sig_atomic_t taken = 0;
void take(int) { taken = 1; }

TEST_F(signal_inbox, removing_restores_what_the_process_did_before) {
    std::signal(SIGUSR1, take);
    taken = 0;
    EXPECT_FALSE(loop.remove_signal_handler(SIGUSR1));
    loop.add_signal_handler(SIGUSR1, [&] { log += 'a'; });
    EXPECT_TRUE(loop.remove_signal_handler(SIGUSR1));
    EXPECT_FALSE(loop.remove_signal_handler(SIGUSR1));
    ::raise(SIGUSR1);
    run_some_turns();
    EXPECT_EQ(taken, 1);
    EXPECT_EQ(log, "");
}

TEST_F(signal_inbox, a_loop_that_closes_restores_it_as_well) {
    std::signal(SIGUSR1, take);
    taken = 0;
    loop.add_signal_handler(SIGUSR1, [&] { log += 'a'; });
    loop.close();
    ::raise(SIGUSR1);
    EXPECT_EQ(taken, 1);
}

TEST_F(signal_inbox, a_handler_may_remove_itself) {
    std::signal(SIGUSR1, SIG_IGN);
    loop.add_signal_handler(SIGUSR1, [&] {
        log += 'a';
        loop.remove_signal_handler(SIGUSR1);
        log += 'b';
    });
    ::raise(SIGUSR1);
    ::raise(SIGUSR1);
    run_some_turns();
    EXPECT_EQ(log, "ab");
}

TEST_F(signal_inbox, what_a_handler_throws_goes_to_the_exception_handler_and_the_loop_runs_on) {
    loop.set_exception_handler(
        [&](weft::event_loop&, const weft::error_context& c) { log += weft::describe_exception(c.exception); });
    loop.add_signal_handler(SIGUSR1, [] { throw std::runtime_error("no"); });
    loop.add_signal_handler(SIGUSR2, [&] { log += ", and on"; });
    ::raise(SIGUSR1);
    ::raise(SIGUSR2);
    run_some_turns();
    EXPECT_EQ(log, "std::runtime_error: no, and on");
}

TEST_F(signal_inbox, refuses_what_is_no_signal_or_cannot_be_caught) {
    for (const int s : {0, -1, 10'000, SIGKILL, SIGSTOP}) {
        EXPECT_THROW(loop.add_signal_handler(s, [] {}), std::system_error) << s;
        EXPECT_FALSE(loop.remove_signal_handler(s));
    }
    loop.add_signal_handler(SIGUSR1, [&] { log += 'a'; });
    ::raise(SIGUSR1);
    run_some_turns();
    EXPECT_EQ(log, "a");
}

TEST_F(signal_inbox, refuses_when_the_loop_is_closed_or_there_are_no_descriptors) {
    std::signal(SIGUSR1, take);
    taken = 0;
    for (std::size_t left = 0; left < 2; ++left) {
        const weft_test::few_descriptors few(left);
        EXPECT_THROW(loop.add_signal_handler(SIGUSR1, [] {}), std::system_error);
    }
    loop.close();
    EXPECT_THROW(loop.add_signal_handler(SIGUSR1, [] {}), weft::invalid_state_error);
    ::raise(SIGUSR1);
    EXPECT_EQ(taken, 1);
}

TEST_F(signal_inbox, several_loops_may_have_the_same_signal) {
    weft::event_loop other;
    loop.add_signal_handler(SIGUSR1, [&] { log += 'a'; });
    other.add_signal_handler(SIGUSR1, [&] { log += 'o'; });
    ::raise(SIGUSR1);
    run_some_turns();
    for (int i = 0; i < 4; ++i) other.run_once();
    EXPECT_EQ(log, "ao");
}

TEST_F(signal_inbox, the_last_loop_to_let_go_of_a_signal_restores_it) {
    std::signal(SIGUSR1, take);
    taken = 0;
    auto other = std::make_unique<weft::event_loop>();
    loop.add_signal_handler(SIGUSR1, [&] { log += 'a'; });
    other->add_signal_handler(SIGUSR1, [&] { log += 'o'; });
    loop.remove_signal_handler(SIGUSR1);
    ::raise(SIGUSR1);
    for (int i = 0; i < 4; ++i) other->run_once();
    EXPECT_EQ(log, "o");
    EXPECT_EQ(taken, 0);
    other.reset();
    ::raise(SIGUSR1);
    EXPECT_EQ(taken, 1);
}

TEST_F(signal_inbox, loops_come_and_go_while_another_thread_sends_signals) {
    loop.add_signal_handler(SIGUSR1, [] {});
    std::atomic<bool> over{false};
    std::thread sender([&] {
        while (!over) ::raise(SIGUSR1);
    });
    for (int i = 0; i < 200; ++i) {
        weft::event_loop other;
        int arrived = 0;
        other.add_signal_handler(SIGUSR1, [&] { ++arrived; });
        while (!arrived) other.run_once(weft::clock::time_point::max());
    }
    over = true;
    sender.join();
}

TEST_F(signal_inbox, a_full_pipe_does_not_hide_that_another_signal_arrived) {
    int users = 0, others = 0;
    loop.add_signal_handler(SIGUSR1, [&] { ++users; });
    loop.add_signal_handler(SIGUSR2, [&] { ++others; });
    for (int i = 0; i < 100'000; ++i) ::raise(SIGUSR1);
    ::raise(SIGUSR2);
    run_some_turns();
    EXPECT_GT(users, 1000);
    EXPECT_EQ(others, 1);
}

TEST_F(signal_inbox, a_forked_child_has_its_own) {
    loop.add_signal_handler(SIGUSR1, [&] { log += 'p'; });
    const pid_t child = ::fork();
    if (child == 0) {
        int arrived = 0;
        weft::event_loop own;
        own.add_signal_handler(SIGUSR1, [&] { ++arrived; });
        ::raise(SIGUSR1);
        for (int i = 0; i < 4; ++i) own.run_once();
        own.close();
        ::_exit(arrived == 1 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    run_some_turns();
    EXPECT_EQ(log, "");
    ::raise(SIGUSR1);
    run_some_turns();
    EXPECT_EQ(log, "p");
}

TEST_F(signal_inbox, listeners_hear_beside_the_handler_and_after_it_is_removed) {
    std::signal(SIGUSR1, take);
    taken = 0;
    struct noting : weft::signal_listener {
        noting(std::string& l, char n) : signal_listener(arrived), log(l), name(n) {}
        static void arrived(signal_listener& l, int) {
            auto& self = static_cast<noting&>(l);
            self.log += self.name;
        }
        std::string& log;
        char name;
    };
    noting first(log, '1'), second(log, '2');
    loop.signals().listen(SIGUSR1, first, "test");
    loop.signals().listen(SIGUSR1, second, "test");
    loop.add_signal_handler(SIGUSR1, [&] { log += 'h'; });
    ::raise(SIGUSR1);
    run_some_turns();
    EXPECT_EQ(log, "12h");
    EXPECT_TRUE(loop.signals().has_listeners(SIGUSR1));
    loop.remove_signal_handler(SIGUSR1);
    loop.signals().unlisten(SIGUSR1, first);
    ::raise(SIGUSR1);
    run_some_turns();
    EXPECT_EQ(log, "12h2");
    EXPECT_EQ(taken, 0);
    loop.close();
    EXPECT_FALSE(second.is_linked());
    ::raise(SIGUSR1);
    EXPECT_EQ(taken, 1);
}

TEST_F(signal_inbox, more_signals_than_a_pipe_holds_are_survived) {
    int count = 0;
    loop.add_signal_handler(SIGUSR1, [&] { ++count; });
    for (int i = 0; i < 100'000; ++i) ::raise(SIGUSR1);
    run_some_turns();
    EXPECT_GT(count, 1000);
    EXPECT_LE(count, 100'000);
}

}  // namespace
