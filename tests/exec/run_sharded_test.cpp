// SPDX-License-Identifier: Apache-2.0
#include "exec/threads.hpp"

#include <weft/base/describe_exception.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/exec/run_sharded.hpp>
#include <weft/exec/to_thread.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/context_var.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

weft::task<> forever() {
    for (;;) co_await weft::sleep(24h);
}

TEST(run_sharded, runs_each_shard_on_a_thread_and_a_loop_of_its_own) {
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::set<weft::event_loop*> loops;
    std::set<std::size_t> indices;
    weft::run_sharded(4, [&](weft::shard s) -> weft::task<> {
        co_await weft::sleep(1ms);
        EXPECT_EQ(s.size(), 4u);
        EXPECT_EQ(&s.loop(), &weft::get_running_loop());
        EXPECT_EQ(&s.peer(s.index()).loop(), &s.loop());
        EXPECT_THROW(s.peer(4), std::out_of_range);
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
        loops.insert(&s.loop());
        indices.insert(s.index());
    });
    EXPECT_EQ(threads.size(), 4u);
    EXPECT_EQ(loops.size(), 4u);
    EXPECT_EQ(indices, (std::set<std::size_t>{0, 1, 2, 3}));
    EXPECT_TRUE(threads.contains(std::this_thread::get_id()));
    EXPECT_EQ(weft::event_loop::current(), nullptr);
}

TEST(run_sharded, gives_the_results_in_the_order_of_the_shards) {
    const std::vector<std::size_t> numbers = weft::run_sharded(3, [](weft::shard s) -> weft::task<std::size_t> {
        for (std::size_t i = s.index(); i < 3; ++i) co_await weft::yield_now();
        co_return s.index() * 10;
    });
    EXPECT_EQ(numbers, (std::vector<std::size_t>{0, 10, 20}));
    const auto pointers = weft::run_sharded(2, [](weft::shard s) -> weft::task<std::unique_ptr<std::size_t>> {
        co_return std::make_unique<std::size_t>(s.index());
    });
    EXPECT_EQ(*pointers[1], 1u);
    const std::vector<bool> truths =
        weft::run_sharded(8, [](weft::shard s) -> weft::task<bool> { co_return s.index() % 2; });
    EXPECT_EQ(truths, (std::vector<bool>{false, true, false, true, false, true, false, true}));
}

TEST(run_sharded, of_one_is_run) {
    const auto one = weft::run_sharded(1, [](weft::shard s) -> weft::task<std::size_t> { co_return s.size(); });
    EXPECT_EQ(one, std::vector<std::size_t>{1});
}

TEST(run_sharded, refuses_what_makes_no_sense) {
    const auto f = [](weft::shard) -> weft::task<> { co_return; };
    EXPECT_THROW(weft::run_sharded(0, f), std::invalid_argument);
    const auto main = [](auto sharded) -> weft::task<bool> {
        try {
            weft::run_sharded(2, sharded);
        } catch (const weft::invalid_state_error&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(weft::run(main(f)));
}

TEST(run_sharded, shards_call_each_other) {
    const auto sums = weft::run_sharded(4, [](weft::shard s) -> weft::task<std::size_t> {
        std::size_t sum = 0;
        for (int round = 0; round < 50; ++round) {
            for (std::size_t i = 0; i < s.size(); ++i) {
                sum += co_await weft::call(
                    s.peer(i),
                    [](weft::shard to) -> weft::task<std::size_t> {
                        EXPECT_EQ(&weft::get_running_loop(), &to.loop());
                        co_return to.index();
                    },
                    s.peer(i));
            }
        }
        co_return sum;
    });
    EXPECT_EQ(sums, (std::vector<std::size_t>(4, 300)));
}

TEST(run_sharded, a_shard_whose_main_has_ended_serves_calls_until_all_have) {
    weft::run_sharded(2, [](weft::shard s) -> weft::task<> {
        if (s.index() == 0) co_return;
        for (int i = 0; i < 100; ++i) {
            EXPECT_EQ(co_await weft::call(s.peer(0), [i] { return i; }), i);
            co_await weft::yield_now();
        }
    });
}

TEST(run_sharded, cancels_background_tasks_and_waits_for_pool_calls_as_run_does) {
    std::atomic<int> cancelled = 0, called = 0;
    weft::run_sharded(2, [&](weft::shard) -> weft::task<> {
        weft::spawn(
            [](std::atomic<int>& c) -> weft::task<> {
                try {
                    co_await forever();
                } catch (const weft::cancelled_error&) {
                    ++c;
                    throw;
                }
            },
            std::ref(cancelled));
        co_await weft::to_thread([&] { ++called; });
    });
    EXPECT_EQ(cancelled, 2);
    EXPECT_EQ(called, 2);
}

// Errors

TEST(run_sharded, the_first_failure_cancels_the_others_and_is_thrown) {
    std::atomic<int> cancelled = 0;
    std::string said;
    try {
        weft::run_sharded(4, [&](weft::shard s) -> weft::task<> {
            if (s.index() == 2) {
                co_await weft::sleep(1ms);
                throw std::runtime_error("shard 2 has had enough");
            }
            try {
                co_await forever();
            } catch (const weft::cancelled_error&) {
                ++cancelled;
                throw;
            }
        });
    } catch (const std::runtime_error& e) {
        said = e.what();
    }
    EXPECT_EQ(said, "shard 2 has had enough");
    EXPECT_LE(cancelled, 3);  // one that had not begun never begins
}

TEST(run_sharded, a_failure_at_once_ends_shards_that_have_not_begun) {
    for (int round = 0; round < 20; ++round) {
        EXPECT_THROW(weft::run_sharded(3,
                                       [](weft::shard s) -> weft::task<> {
                                           if (s.index() == 0) throw std::runtime_error("no");
                                           co_await forever();
                                       }),
                     std::runtime_error);
    }
}

TEST(run_sharded, several_errors_leave_as_a_group_in_the_order_in_which_they_happened) {
    std::vector<std::string> errors;
    gate both_run;
    std::atomic<int> running = 0;
    try {
        weft::run_sharded(2, [&](weft::shard s) -> weft::task<> {
            if (++running == 2) both_run.open();
            both_run.wait();
            if (s.index() == 1) throw std::runtime_error("first");
            try {
                co_await forever();
            } catch (const weft::cancelled_error&) {
                throw std::runtime_error("second");
            }
        });
    } catch (const weft::exception_group& e) {
        for (const auto& each : e.exceptions()) errors.push_back(weft::describe_exception(each));
    }
    EXPECT_EQ(errors, (std::vector<std::string>{"std::runtime_error: first", "std::runtime_error: second"}));
}

TEST(run_sharded, errors_beside_an_interrupt_are_reported) {
    std::vector<std::string> reports;
    gate both_run;
    std::atomic<int> running = 0;
    const auto main = [&](weft::shard s) -> weft::task<> {
        if (++running == 2) both_run.open();
        both_run.wait();
        if (s.index() == 1) {
            s.loop().set_exception_handler([&](weft::event_loop&, const weft::error_context& c) {
                reports.push_back(c.message + ": " + weft::describe_exception(c.exception));
            });
        } else {
            s.loop().call_later(1ms, [] { std::raise(SIGINT); });
        }
        try {
            co_await forever();
        } catch (const weft::cancelled_error&) {
            if (s.index() == 0) throw;
            throw std::runtime_error("no");
        }
    };
    EXPECT_THROW(weft::run_sharded(2, main), weft::keyboard_interrupt);
    EXPECT_EQ(reports, std::vector<std::string>{"shard 1 failed while all were cancelled: std::runtime_error: no"});
}

TEST(run_sharded, every_shard_begins_with_the_context_of_who_calls_it) {
    const weft::context_var<int> v;
    weft::run_in(weft::context(), [&] {
        std::ignore = v.set(5);
        weft::run_sharded(3, [&](weft::shard s) -> weft::task<> {
            EXPECT_EQ(v.get(), 5);
            std::ignore = v.set(static_cast<int>(s.index()));
            EXPECT_EQ(co_await weft::call(s.peer((s.index() + 1) % 3), [&] { return v.get(); }),
                      static_cast<int>(s.index()));
        });
        EXPECT_EQ(v.get(), 5);
    });
}

TEST(run_sharded, a_shard_that_swallows_the_cancellation_ends_in_its_own_time) {
    std::atomic<int> finished = 0;
    gate both_run;
    std::atomic<int> running = 0;
    EXPECT_THROW(weft::run_sharded(2,
                                   [&](weft::shard s) -> weft::task<> {
                                       if (++running == 2) both_run.open();
                                       both_run.wait();
                                       if (s.index() == 0) throw std::runtime_error("no");
                                       bool cancelled = false;
                                       try {
                                           co_await forever();
                                       } catch (const weft::cancelled_error&) {
                                           cancelled = true;
                                       }
                                       if (cancelled) co_await weft::sleep(5ms);
                                       ++finished;
                                   }),
                 std::runtime_error);
    EXPECT_EQ(finished, 1);
}

TEST(run_sharded, a_main_that_cancels_itself_fails_with_a_cancellation) {
    EXPECT_THROW(weft::run_sharded(2,
                                   [](weft::shard s) -> weft::task<> {
                                       if (s.index() == 1) weft::current_task_core().cancel();
                                       co_await forever();
                                   }),
                 weft::cancelled_error);
}

TEST(run_sharded, a_loop_that_is_stopped_fails) {
    EXPECT_THROW(weft::run_sharded(2,
                                   [](weft::shard s) -> weft::task<> {
                                       if (s.index() == 1) s.loop().stop();
                                       co_await forever();
                                   }),
                 weft::invalid_state_error);
}

// SIGINT

TEST(run_sharded, sigint_cancels_shard_0_and_through_it_all) {
    std::atomic<int> cancelled = 0, waiting = 0;
    EXPECT_THROW(weft::run_sharded(3,
                                   [&](weft::shard s) -> weft::task<> {
                                       ++waiting;
                                       if (s.index() == 0) {
                                           while (waiting < 3) co_await weft::yield_now();
                                           weft::get_running_loop().call_later(1ms, [] { std::raise(SIGINT); });
                                       }
                                       try {
                                           co_await forever();
                                       } catch (const weft::cancelled_error&) {
                                           ++cancelled;
                                           throw;
                                       }
                                   }),
                 weft::keyboard_interrupt);
    EXPECT_EQ(cancelled, 3);
}

TEST(run_sharded, sigint_ends_the_others_when_shard_0_has_ended) {
    gate interrupted;
    EXPECT_THROW(weft::run_sharded(2,
                                   [&](weft::shard s) -> weft::task<> {
                                       if (s.index() == 0) {
                                           s.loop().call_later(1ms, [] { std::raise(SIGINT); });
                                           co_return;
                                       }
                                       co_await forever();
                                   }),
                 weft::keyboard_interrupt);
}

}  // namespace
