// SPDX-License-Identifier: Apache-2.0
#include <weft/process/signal_stream.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <csignal>

namespace {

volatile std::sig_atomic_t taken = 0;
void take(int) { taken = taken + 1; }

struct signal_stream : testing::Test {
    void SetUp() override {
        taken = 0;
        for (const int s : {SIGUSR1, SIGUSR2}) std::signal(s, take);
    }
    void TearDown() override {
        for (const int s : {SIGUSR1, SIGUSR2, SIGINT}) std::signal(s, SIG_DFL);
    }
    template <class F>
    void run(F main) {
        weft::testing::run(main());
    }
};

weft::task<int> next_of(weft::signal_stream& s) { co_return co_await s.next(); }

/// Lets what has been raised arrive: a stream that is told after `s`.
weft::task<> until_told(int signal) {
    weft::signal_stream s(signal);
    ::raise(signal);
    co_await s.next();
}

TEST_F(signal_stream, gives_each_signal_as_it_comes) {
    run([]() -> weft::task<> {
        weft::signal_stream s(SIGUSR1, SIGUSR2);
        ::raise(SIGUSR2);
        EXPECT_EQ(co_await s.next(), SIGUSR2);
        ::raise(SIGUSR1);
        ::raise(SIGUSR2);
        EXPECT_EQ(co_await s.next(), SIGUSR1);
        EXPECT_EQ(co_await s.next(), SIGUSR2);
    });
    EXPECT_EQ(taken, 0);
}

TEST_F(signal_stream, wakes_a_task_that_waits_for_a_signal_from_another_thread) {
    run([]() -> weft::task<> {
        weft::signal_stream s(SIGUSR1);
        auto waiting = weft::create_task(next_of(s));
        co_await weft::yield_now();
        co_await weft::to_thread([] { ::raise(SIGUSR1); });
        EXPECT_EQ(co_await waiting, SIGUSR1);
    });
}

TEST_F(signal_stream, signals_that_are_not_taken_count_once) {
    run([]() -> weft::task<> {
        weft::signal_stream s(SIGUSR1, SIGUSR2);
        for (int i = 0; i < 5; ++i) ::raise(SIGUSR1);
        co_await until_told(SIGUSR2);
        EXPECT_EQ(s.try_next(), SIGUSR1);
        EXPECT_EQ(s.try_next(), SIGUSR2);
        EXPECT_EQ(s.try_next(), 0);
    });
}

TEST_F(signal_stream, does_what_was_done_before_when_the_last_one_goes) {
    run([]() -> weft::task<> {
        {
            weft::signal_stream first(SIGUSR1);
            {
                weft::signal_stream second(SIGUSR1);
                ::raise(SIGUSR1);
                EXPECT_EQ(co_await second.next(), SIGUSR1);
            }
            ::raise(SIGUSR1);
            EXPECT_EQ(taken, 0);
            EXPECT_EQ(co_await first.next(), SIGUSR1);
        }
        ::raise(SIGUSR1);
        EXPECT_EQ(taken, 1);
    });
}

TEST_F(signal_stream, several_and_a_handler_are_all_told) {
    run([]() -> weft::task<> {
        int handled = 0;
        weft::event_loop& loop = weft::get_running_loop();
        weft::signal_stream first(SIGUSR1), second(SIGUSR1, SIGUSR2);
        loop.add_signal_handler(SIGUSR1, [&] { ++handled; });
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await first.next(), SIGUSR1);
        EXPECT_EQ(co_await second.next(), SIGUSR1);
        EXPECT_EQ(handled, 1);
        EXPECT_TRUE(loop.remove_signal_handler(SIGUSR1));
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await first.next(), SIGUSR1);
        EXPECT_EQ(handled, 1);
    });
    EXPECT_EQ(taken, 0);
}

TEST_F(signal_stream, on_several_loops_each_is_told) {
    std::vector<std::thread> threads;
    std::atomic<int> ready{0}, told{0};
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            weft::run([](auto& r, auto& t) -> weft::task<> {
                weft::signal_stream s(SIGUSR1);
                ++r;
                co_await s.next();
                ++t;
            }(ready, told));
        });
    }
    while (ready < 3) std::this_thread::yield();
    ::raise(SIGUSR1);
    for (auto& t : threads) t.join();
    EXPECT_EQ(told, 3);
    EXPECT_EQ(taken, 0);
    ::raise(SIGUSR1);
    EXPECT_EQ(taken, 1);
}

TEST_F(signal_stream, tasks_that_wait_take_turns) {
    run([]() -> weft::task<> {
        weft::signal_stream s(SIGUSR1, SIGUSR2);
        auto first = weft::create_task(next_of(s));
        auto second = weft::create_task(next_of(s));
        co_await weft::yield_now();
        ::raise(SIGUSR2);
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await first, SIGUSR2);
        EXPECT_EQ(co_await second, SIGUSR1);
    });
}

TEST_F(signal_stream, cancelled_while_waiting_the_signal_is_the_next_ones) {
    run([]() -> weft::task<> {
        weft::signal_stream s(SIGUSR1);
        auto first = weft::create_task(next_of(s));
        auto second = weft::create_task(next_of(s));
        co_await weft::yield_now();
        first.cancel();
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await second, SIGUSR1);
        EXPECT_THROW(co_await first, weft::cancelled_error);
    });
}

TEST_F(signal_stream, given_a_signal_and_then_cancelled_it_gives_it_back) {
    run([]() -> weft::task<> {
        weft::signal_stream s(SIGUSR1);
        auto first = weft::create_task(next_of(s));
        co_await weft::yield_now();
        // The handler is called after the listeners: in the moment in which the task has been woken.
        weft::get_running_loop().add_signal_handler(SIGUSR1, [&] { first.cancel(); });
        ::raise(SIGUSR1);
        EXPECT_THROW(co_await first, weft::cancelled_error);
        EXPECT_EQ(s.try_next(), SIGUSR1);
    });
}

TEST_F(signal_stream, may_be_one_of_several_waits_and_keeps_what_it_brought_too_late) {
    run([]() -> weft::task<> {
        weft::signal_stream first(SIGUSR1), second(SIGUSR1);
        ::raise(SIGUSR1);
        const auto winner = co_await weft::select(first.next(), second.next());
        EXPECT_EQ(winner.index(), 0u);
        EXPECT_EQ(co_await second.next(), SIGUSR1);
        const auto none = co_await weft::select(first.next(), weft::sleep(std::chrono::milliseconds(1)));
        EXPECT_EQ(none.index(), 1u);
    });
}

TEST_F(signal_stream, may_be_destroyed_while_a_task_waits) {
    run([]() -> weft::task<> {
        auto s = std::make_unique<weft::signal_stream>(SIGUSR1);
        auto waiting = weft::create_task(next_of(*s));
        co_await weft::yield_now();
        s.reset();
        EXPECT_THROW(co_await waiting, weft::invalid_state_error);
    });
}

TEST_F(signal_stream, a_task_that_waits_may_be_destroyed_and_the_stream_outlive_its_loop) {
    std::optional<weft::signal_stream> s;
    {
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto wait = [](auto& stream) -> weft::task<> {
            stream.emplace(SIGUSR1);
            co_await stream->next();
        };
        auto waiting = weft::create_task_on(loop, wait(s), std::source_location());
        for (int i = 0; i < 3; ++i) loop.run_once();
        EXPECT_FALSE(waiting.done());
    }
    ::raise(SIGUSR1);
    EXPECT_EQ(taken, 1);
}

TEST_F(signal_stream, holds_off_what_run_does_on_control_c) {
    weft::run([]() -> weft::task<> {
        weft::signal_stream s(SIGINT);
        for (int i = 0; i < 3; ++i) {
            ::raise(SIGINT);
            EXPECT_EQ(co_await s.next(), SIGINT);
        }
    }());
    EXPECT_THROW(weft::run([]() -> weft::task<> {
                     {
                         weft::signal_stream s(SIGINT);
                     }
                     ::raise(SIGINT);
                     co_await weft::sleep(std::chrono::hours(1));
                 }()),
                 weft::keyboard_interrupt);
}

TEST_F(signal_stream, refuses_what_is_no_signal_or_cannot_be_caught) {
    run([]() -> weft::task<> {
        for (const int s : {0, -1, 10'000, SIGKILL, SIGSTOP}) {
            try {
                weft::signal_stream refused(SIGUSR1, s);
                ADD_FAILURE() << s;
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::invalid_argument);
                EXPECT_THAT(e.what(), testing::HasSubstr("signal_stream: signal " + std::to_string(s)));
            }
        }
        ::raise(SIGUSR1);  // nobody has it
        EXPECT_EQ(taken, 1);
        weft::signal_stream twice(SIGUSR1, SIGUSR1);
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await twice.next(), SIGUSR1);
        auto moved = std::move(twice);
        EXPECT_THROW(static_cast<void>(twice.next()), weft::invalid_state_error);
    });
    EXPECT_THROW(weft::signal_stream{SIGUSR1}, weft::no_running_loop_error);
}

TEST_F(signal_stream, destroyed_before_a_task_that_is_to_wait_begins_it_says_so) {
    run([]() -> weft::task<> {
        auto waiting = weft::create_task(weft::signal_stream(SIGUSR1).next());
        EXPECT_THROW(co_await waiting, weft::invalid_state_error);
        weft::signal_stream s(SIGUSR1);
        auto replaced = weft::create_task(s.next());
        s = weft::signal_stream(SIGUSR2);
        EXPECT_THROW(co_await replaced, weft::invalid_state_error);
        ::raise(SIGUSR1);  // nobody has it
        EXPECT_EQ(taken, 1);
    });
}

TEST_F(signal_stream, may_be_moved_while_a_task_waits_or_before_it_begins) {
    run([]() -> weft::task<> {
        weft::signal_stream s(SIGUSR1);
        auto first = weft::create_task(s.next());
        co_await weft::yield_now();
        auto second = weft::create_task(s.next());
        const weft::signal_stream moved = std::move(s);
        co_await weft::yield_now();
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await first, SIGUSR1);
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await weft::wait_for(std::move(second), std::nullopt), SIGUSR1);
    });
}

TEST_F(signal_stream, destroyed_after_it_gave_a_signal_it_stays_given) {
    run([]() -> weft::task<> {
        auto s = std::make_unique<weft::signal_stream>(SIGUSR1);
        auto kept = weft::create_task(s->next()), cancelled = weft::create_task(s->next());
        co_await weft::yield_now();
        // The handler is called after the listeners: in the moment in which a task has been woken.
        int arrived = 0;
        weft::get_running_loop().add_signal_handler(SIGUSR1, [&] {
            if (++arrived < 2) return;
            s.reset();
            cancelled.cancel();
        });
        ::raise(SIGUSR1);
        EXPECT_EQ(co_await kept, SIGUSR1);
        ::raise(SIGUSR1);
        EXPECT_THROW(co_await cancelled, weft::cancelled_error);
    });
}

}  // namespace
