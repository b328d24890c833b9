// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

namespace {

weft::task<int> number(int i) {
    co_await weft::yield_now();
    co_return i;
}

TEST(run, gives_every_kind_of_result) {
    EXPECT_EQ(weft::run(number(3)), 3);
    int i = 0;
    const auto reference = [](int& r) -> weft::task<int&> { co_return r; };
    EXPECT_EQ(&weft::run(reference(i)), &i);
    const auto pointer = []() -> weft::task<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
    EXPECT_EQ(*weft::run(pointer()), 4);
    const auto nothing = []() -> weft::task<> { co_return; };
    weft::run(nothing());
    EXPECT_EQ(weft::event_loop::current(), nullptr);
}

TEST(run, throws_what_main_throws) {
    const auto fails = []() -> weft::task<> {
        co_await weft::yield_now();
        throw std::runtime_error("no");
    };
    EXPECT_THROW(weft::run(fails()), std::runtime_error);
    const auto cancels = []() -> weft::task<> {
        weft::current_task_core().cancel("myself");
        co_await weft::yield_now();
    };
    EXPECT_THROW(weft::run(cancels()), weft::cancelled_error);
    EXPECT_THROW(weft::run(weft::task<>()), weft::invalid_state_error);
}

TEST(run, takes_the_debug_mode_from_its_options) {
    const auto debug = []() -> weft::task<bool> { co_return weft::get_running_loop().get_debug(); };
    EXPECT_TRUE(weft::run(debug(), {.debug = true}));
    EXPECT_FALSE(weft::run(debug(), {.debug = false}));
}

TEST(run, cancels_what_is_left_and_waits_for_its_cleanup) {
    std::string log;
    const auto main = [](std::string& l) -> weft::task<> {
        const auto background = [](std::string& out, std::string name) -> weft::task<> {
            bool cancelled = false;
            try {
                co_await weft::sleep(24h);
            } catch (const weft::cancelled_error&) {
                cancelled = true;
            }
            if (cancelled) co_await weft::sleep(1h);  // cleanup that takes its time
            out += name + " cleaned up, ";
        };
        weft::spawn(background(l, "a"));
        weft::spawn(background(l, "b"));
        co_await weft::yield_now();
        l += "main ends, ";
    };
    weft::testing::run(main(log));
    EXPECT_EQ(log, "main ends, a cleaned up, b cleaned up, ");
}

TEST(run, a_task_that_did_not_start_before_the_end_never_runs) {
    bool ran = false;
    const auto main = [](bool& r) -> weft::task<> {
        weft::spawn([&r]() -> weft::task<> {
            r = true;
            co_return;
        });
        co_return;
    };
    weft::runner runner(weft::testing::make_virtual_loop(), {.handle_sigint = false});
    runner.run(main(ran));
    const bool before_close = ran;
    runner.close();
    EXPECT_EQ(ran, before_close);
}

TEST(run, what_a_task_raises_during_shutdown_is_reported) {
    std::string reports;
    const auto main = [](std::string& r) -> weft::task<> {
        weft::get_running_loop().set_exception_handler([&r](weft::event_loop&, const weft::error_context& c) {
            r += c.message + " (" + c.task + "): " + weft::describe_exception(c.exception) + "\n";
        });
        const auto background = []() -> weft::task<> {
            try {
                co_await weft::sleep(24h);
            } catch (const weft::cancelled_error&) {
                throw std::runtime_error("cleanup failed");
            }
        };
        weft::spawn(background());
        co_await weft::yield_now();
    };
    weft::testing::run(main(reports));
    EXPECT_EQ(reports, "unhandled exception during run() shutdown (Task-2): std::runtime_error: cleanup failed\n");
}

TEST(run, a_task_that_is_created_during_shutdown_is_destroyed_and_reported) {
    std::string reports;
    const auto main = [](std::string& r) -> weft::task<> {
        weft::get_running_loop().set_exception_handler(
            [&r](weft::event_loop&, const weft::error_context& c) { r += c.message + " (" + c.task + ")\n"; });
        const auto background = []() -> weft::task<> {
            try {
                co_await weft::sleep(24h);
            } catch (const weft::cancelled_error&) {
                weft::spawn([]() -> weft::task<> { co_await weft::sleep(1h); }(), {.name = "late"});
                throw;
            }
        };
        weft::spawn(background());
        co_await weft::yield_now();
    };
    weft::testing::run(main(reports));
    EXPECT_EQ(reports, "Task was destroyed but it is pending (late)\n");
}

// runner

TEST(runner, runs_several_times_on_one_loop_and_background_tasks_live_on) {
    weft::runner r(weft::testing::make_virtual_loop(), {.handle_sigint = false});
    int ticks = 0;
    const auto first = [](int& t) -> weft::task<weft::event_loop*> {
        const auto ticker = [](int& count) -> weft::task<> {
            for (;; ++count) co_await weft::sleep(1s);
        };
        weft::spawn(ticker(t));
        co_return &weft::get_running_loop();
    };
    EXPECT_EQ(r.run(first(ticks)), &r.get_loop());
    const auto second = []() -> weft::task<> { co_await weft::sleep(10500ms); };
    r.run(second());
    EXPECT_EQ(ticks, 10);
    EXPECT_EQ(r.run(number(5)), 5);
}

TEST(runner, runs_on_after_a_failure) {
    weft::runner r({.handle_sigint = false});
    const auto fails = []() -> weft::task<> {
        throw std::runtime_error("no");
        co_return;
    };
    EXPECT_THROW(r.run(fails()), std::runtime_error);
    EXPECT_EQ(r.run(number(6)), 6);
}

TEST(runner, once_closed_refuses_to_run) {
    weft::runner r({.handle_sigint = false});
    r.close();  // before it ever ran
    EXPECT_EQ(r.run(number(1)), 1);
    r.close();
    r.close();
    EXPECT_THROW(r.run(number(1)), weft::invalid_state_error);
}

TEST(run, inside_run_is_refused) {
    const auto main = []() -> weft::task<std::string> {
        try {
            weft::run(number(1));
        } catch (const weft::invalid_state_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    EXPECT_EQ(weft::run(main()), "run() cannot be called from a running event loop");
}

TEST(run, works_on_every_thread_at_the_same_time) {
    int results[3] = {};
    std::thread threads[3];
    for (int i = 0; i < 3; ++i) threads[i] = std::thread([&results, i] { results[i] = weft::run(number(i + 1)); });
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(results[0] + results[1] + results[2], 6);
}

// SIGINT, on the real clock: a signal comes from outside

weft::task<> interrupted(std::string& log, bool swallows) {
    try {
        ::raise(SIGINT);
        co_await weft::future<>();  // never done
    } catch (const weft::cancelled_error&) {
        log += "cleaned up";
        if (!swallows) throw;
    }
}

TEST(run, sigint_cancels_main_and_leaves_as_keyboard_interrupt) {
    std::string log;
    EXPECT_THROW(weft::run(interrupted(log, false)), weft::keyboard_interrupt);
    EXPECT_EQ(log, "cleaned up");
    struct sigaction now{};
    ::sigaction(SIGINT, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST(run, a_main_that_swallows_sigint_returns_normally) {
    std::string log;
    weft::run(interrupted(log, true));
    EXPECT_EQ(log, "cleaned up");
}

TEST(run, a_second_sigint_does_what_it_did_before) {
    const auto main = []() -> weft::task<bool> {
        ::raise(SIGINT);
        try {
            co_await weft::future<>();
        } catch (const weft::cancelled_error&) {
        }
        struct sigaction now{};
        ::sigaction(SIGINT, nullptr, &now);
        co_return now.sa_handler == SIG_DFL;
    };
    EXPECT_TRUE(weft::run(main()));
}

TEST(run, a_keyboard_interrupt_that_nobody_catches_ends_the_process_by_sigint) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    const auto nobody_catches = []() noexcept {
        std::string log;
        weft::run(interrupted(log, false));
    };
    EXPECT_EXIT(nobody_catches(), testing::KilledBySignal(SIGINT), "^$");
}

TEST(run, each_run_of_a_runner_handles_sigint) {
    weft::runner r;
    for (int i = 0; i < 3; ++i) {
        std::string log;
        EXPECT_THROW(r.run(interrupted(log, false)), weft::keyboard_interrupt);
        EXPECT_EQ(log, "cleaned up");
    }
    EXPECT_EQ(r.run(number(7)), 7);
}

TEST(run, a_cancellation_that_is_not_sigints_is_no_keyboard_interrupt) {
    const auto main = []() -> weft::task<> {
        weft::task_core& self = weft::current_task_core();
        self.cancel();  // somebody else's request, before
        std::string log;
        ::raise(SIGINT);
        for (;;) co_await weft::yield_now();
    };
    try {
        weft::run(main());
        FAIL();
    } catch (const weft::keyboard_interrupt&) {
        FAIL();
    } catch (const weft::cancelled_error&) {
    }
}

volatile std::sig_atomic_t taken = 0;

TEST(run, leaves_sigint_alone_where_the_program_has_taken_it_over_or_said_so) {
    std::signal(SIGINT, [](int) { taken = taken + 1; });
    const auto main = []() -> weft::task<int> {
        ::raise(SIGINT);
        co_return co_await number(1);
    };
    EXPECT_EQ(weft::run(main()), 1);
    EXPECT_EQ(taken, 1);
    std::signal(SIGINT, SIG_DFL);
    const auto handler = []() -> weft::task<bool> {
        struct sigaction now{};
        ::sigaction(SIGINT, nullptr, &now);
        co_return now.sa_handler == SIG_DFL;
    };
    EXPECT_TRUE(weft::run(handler(), {.handle_sigint = false}));
    EXPECT_FALSE(weft::run(handler()));
}

}  // namespace
