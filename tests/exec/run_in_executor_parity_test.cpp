// SPDX-License-Identifier: Apache-2.0
// What CPython's test_events and test_base_events assert of executors, of the same meaning, in the order of the files.
#include "exec/threads.hpp"

#include <weft/exec/run_in_executor.hpp>
#include <weft/exec/thread_pool.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

// EventLoopTestsMixin.test_run_in_executor
TEST(run_in_executor_parity, runs_on_another_thread) {
    const auto main = []() -> weft::task<> {
        const auto run = [](std::string arg) { return std::pair(arg, std::this_thread::get_id()); };
        const auto [result, thread] = co_await weft::run_in_executor(nullptr, run, "yo");
        EXPECT_EQ(result, "yo");
        EXPECT_NE(thread, std::this_thread::get_id());
    };
    weft::run(main());
}

// EventLoopTestsMixin.test_run_in_executor_cancel
TEST(run_in_executor_parity, a_cancelled_call_does_not_call_the_loop_back) {
    held_call held;
    gate ended;
    weft::event_loop loop;
    const auto main = [](held_call& h, gate& e) -> weft::task<> {
        const auto f = weft::run_in_executor([&] {
            h();
            e.open();
        });
        h.begun.wait();
        f.cancel();
        const auto shutdown = weft::create_task(weft::get_running_loop().shutdown_default_executor());
        h.may_end.open();
        co_await shutdown;
    };
    loop.run_until_complete(main(held, ended));
    ended.wait();
    EXPECT_EQ(loop.next_deadline(),
              weft::clock::time_point(std::chrono::nanoseconds(weft::never)));  // nothing is ready
    loop.close();
}

// EventLoopTestsMixin.test_close: the call to run_in_executor
TEST(run_in_executor_parity, a_closed_loop_has_no_default_executor) {
    weft::event_loop loop;
    loop.close();
    EXPECT_THROW(weft::default_pool(loop), weft::invalid_state_error);
}

// BaseEventLoopTests.test_set_default_executor
TEST(run_in_executor_parity, the_default_executor_may_be_set) {
    weft::event_loop loop;
    const auto pool = std::make_shared<weft::thread_pool>(1);
    loop.set_default_executor(pool);
    EXPECT_EQ(loop.default_executor(), pool.get());
}

// BaseEventLoopTests.test_set_default_executor_error
TEST(run_in_executor_parity, what_is_no_executor_is_refused_as_default) {
    weft::event_loop loop;
    EXPECT_THROW(loop.set_default_executor(nullptr), std::invalid_argument);
    EXPECT_EQ(loop.default_executor(), nullptr);
}

// BaseEventLoopTests.test_shutdown_default_executor_timeout
TEST(run_in_executor_parity, an_executor_that_does_not_end_in_time_is_reported) {
    /// Says that it has ended when its test does.
    struct slow_executor final : weft::executor {
        void post(weft::executor_job&) override {}
        void shutdown(weft::shutdown_options o) override { waited |= o.wait; }
        void shutdown_then(std::move_only_function<void()> f) override { ended = std::move(f); }
        bool waited = false;
        std::move_only_function<void()> ended;
    };
    const auto slow = std::make_shared<slow_executor>();
    std::vector<std::string> reports;
    weft::event_loop loop;
    loop.set_exception_handler([&](weft::event_loop&, const weft::error_context& c) { reports.push_back(c.message); });
    loop.set_default_executor(slow);
    loop.run_until_complete(loop.shutdown_default_executor(10ms));
    EXPECT_EQ(reports, std::vector<std::string>{"the default executor did not end its threads within 0.010000 s"});
    EXPECT_FALSE(slow->waited);
    slow->ended();  // which nobody waits for any more
    loop.run_once();
}

}  // namespace
