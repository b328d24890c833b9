// SPDX-License-Identifier: Apache-2.0
#include "loop/cancelled_tasks.hpp"

#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_core.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// Cancellation as asyncio has it: one cancelled_error per request, at the await where the task waits.

namespace {

TEST(task_core, a_sleeping_task_is_cancelled_at_its_await) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto began = weft::get_running_loop().time();
        const auto h = weft::create_task(sleeps(log));
        co_await weft::yield_now();
        EXPECT_TRUE(h.cancel());
        EXPECT_EQ(h.cancelling(), 1u);
        EXPECT_FALSE(h.done());  // it is only asked to
        EXPECT_EQ(co_await outcome(h), "cancelled");
        EXPECT_EQ(log, "cancelled()");
        EXPECT_TRUE(h.cancelled());
        EXPECT_FALSE(h.cancel());
        EXPECT_EQ(weft::get_running_loop().time(), began);
    };
    weft::testing::run(main());
}

TEST(task_core, the_message_of_the_request_that_ended_the_wait_arrives) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto h = weft::create_task(sleeps(log));
        co_await weft::yield_now();
        h.cancel("first");
        h.cancel("second");
        EXPECT_EQ(co_await outcome(h), "cancelled");
        EXPECT_EQ(log, "cancelled(first)");
    };
    weft::testing::run(main());
}

TEST(task_core, a_cancellation_runs_the_destructors_of_the_whole_chain) {
    const auto main = []() -> weft::task<> {
        std::string log;
        struct witness {
            std::string& l;
            char c;
            ~witness() { l += c; }
        };
        struct chain {
            static weft::task<> down(std::string& l, char c) {
                const witness w{l, c};
                if (c == 'a') co_return co_await weft::sleep(1h);
                co_await down(l, static_cast<char>(c - 1));
            }
        };
        const auto h = weft::create_task(chain::down(log, 'd'));
        co_await weft::yield_now();
        h.cancel();
        co_await outcome(h);
        EXPECT_EQ(log, "abcd");
    };
    weft::testing::run(main());
}

TEST(task_core, a_task_cancelled_before_it_ran_never_runs) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto argument = std::make_shared<int>(1);
        const auto body = [](std::string& l, std::shared_ptr<int>) -> weft::task<> {
            l += "ran";
            co_return;
        };
        const auto h = weft::create_task(body(log, argument));
        EXPECT_TRUE(h.cancel());
        EXPECT_EQ(co_await outcome(h), "cancelled");
        EXPECT_EQ(log, "");
        EXPECT_EQ(argument.use_count(), 1);
    };
    weft::testing::run(main());
}

TEST(task_core, cleanup_that_awaits_completes) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto h = weft::create_task(cleans_up(log, "cleaned up"));
        co_await weft::yield_now();
        h.cancel();
        EXPECT_EQ(co_await outcome(h), "cancelled");
        EXPECT_EQ(log, "cleaned up");
    };
    weft::testing::run(main());
}

TEST(task_core, a_task_may_swallow_its_cancellation) {
    const auto main = []() -> weft::task<> {
        const auto h = weft::create_task(swallows(1));
        co_await weft::yield_now();
        h.cancel();
        EXPECT_EQ(co_await h, 1);
        EXPECT_FALSE(h.cancelled());
        EXPECT_EQ(h.cancelling(), 1u);
    };
    weft::testing::run(main());
}

TEST(task_core, a_second_request_during_cleanup_interrupts_the_cleanup) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto body = [](std::string& l) -> weft::task<> {
            for (int i = 0; i < 2; ++i) {
                try {
                    co_await weft::sleep(1h);
                } catch (const weft::cancelled_error& e) {
                    l += e.message();
                }
            }
        };
        const auto h = weft::create_task(body(log));
        co_await weft::yield_now();
        h.cancel("a");
        co_await weft::yield_now();
        h.cancel("b");
        EXPECT_EQ(h.cancelling(), 2u);
        EXPECT_EQ(co_await outcome(h), "finished");
        EXPECT_EQ(log, "ab");
    };
    weft::testing::run(main());
}

TEST(task_core, a_task_that_cancels_itself_is_cancelled_at_its_next_await) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto body = [](std::string& l) -> weft::task<> {
            weft::current_task_core().cancel("enough");
            l += "goes on, ";
            co_await sleeps(l);
        };
        const auto h = weft::create_task(body(log));
        EXPECT_EQ(co_await outcome(h), "cancelled");
        EXPECT_EQ(log, "goes on, cancelled(enough)");
    };
    weft::testing::run(main());
}

TEST(task_core, a_request_that_meets_no_further_await_cancels_it_all_the_same) {
    const auto main = []() -> weft::task<> {
        const auto h = weft::create_task([]() -> weft::task<int> {
            weft::current_task_core().cancel("too late");
            co_return 1;
        });
        try {
            co_await h;
            ADD_FAILURE();
        } catch (const weft::cancelled_error& e) {
            EXPECT_EQ(e.message(), "too late");
        }
        EXPECT_TRUE(h.cancelled());
    };
    weft::testing::run(main());
}

TEST(task_core, the_message_of_a_request_travels_to_who_waits) {
    const auto message_of = [](auto awaited) -> weft::task<std::string> {
        try {
            co_await awaited;
        } catch (const weft::cancelled_error& e) {
            co_return e.message();
        }
        co_return "not cancelled";
    };
    const auto main = [&]() -> weft::task<> {
        const weft::future<int> f;
        const auto waits = weft::create_task([](weft::future<int> g) -> weft::task<> { co_await g; }, f);
        co_await weft::yield_now();
        waits.cancel("enough");
        EXPECT_EQ(co_await message_of(waits), "enough");
        EXPECT_EQ(co_await message_of(f), "enough") << "the future was cancelled in the task's place";
    };
    weft::testing::run(main());
}

TEST(task_core, a_task_cancelled_between_its_wake_up_and_its_run_is_cancelled) {
    const auto main = []() -> weft::task<> {
        std::string log;
        const auto h = weft::create_task(sleeps(log));
        // Both timers fire in one turn, this one first: the task is ready then, and has not run.
        weft::get_running_loop().call_later(1h, [&] {
            EXPECT_EQ(h.core().waiting_at(), nullptr);
            h.cancel("late");
        });
        EXPECT_EQ(co_await outcome(h), "cancelled");
        EXPECT_EQ(log, "cancelled(late)");
    };
    weft::testing::run(main());
}

TEST(task_core, uncancel_takes_requests_back) {
    const auto main = []() -> weft::task<> {
        const auto body = []() -> weft::task<> {
            weft::task_core& self = weft::current_task_core();
            self.cancel();
            self.cancel();
            EXPECT_EQ(self.uncancel(), 1u);
            EXPECT_TRUE(self.must_cancel());
            EXPECT_EQ(self.uncancel(), 0u);
            EXPECT_FALSE(self.must_cancel());
            EXPECT_EQ(self.uncancel(), 0u);
            co_await weft::sleep(1s);
        };
        const auto h = weft::create_task(body());
        EXPECT_EQ(co_await outcome(h), "finished");
        EXPECT_EQ(h.cancelling(), 0u);
    };
    weft::testing::run(main());
}

TEST(task_core, an_error_during_cleanup_replaces_the_cancellation) {
    const auto main = []() -> weft::task<> {
        const auto body = []() -> weft::task<> {
            try {
                co_await weft::sleep(1h);
            } catch (const weft::cancelled_error&) {
                throw std::runtime_error("cleanup failed");
            }
        };
        const auto h = weft::create_task(body());
        co_await weft::yield_now();
        h.cancel();
        EXPECT_EQ(co_await outcome(h), "cleanup failed");
        EXPECT_FALSE(h.cancelled());
    };
    weft::testing::run(main());
}

TEST(task_core, a_wait_that_was_cancelled_ends_by_cancellation_even_if_it_is_taken_back) {
    const auto main = []() -> weft::task<bool> {
        const auto sleeps = []() -> weft::task<> { co_await weft::sleep(std::chrono::hours(1)); };
        const auto h = weft::create_task(sleeps());
        co_await weft::yield_now();
        h.cancel();
        EXPECT_EQ(h.uncancel(), 0u);
        co_await weft::done_awaiter(h.state());
        co_return h.cancelled();  // as in CPython: the future it waited for was cancelled for good
    };
    EXPECT_TRUE(weft::testing::run(main()));
}

}  // namespace
