// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using weft::task;

/// A virtual loop in debug mode, and what it reports.
class debug_mode : public ::testing::Test {
protected:
    debug_mode() : loop_(weft::testing::make_virtual_loop()) {
        loop_->set_debug(true);
        loop_->set_exception_handler([this](weft::event_loop&, const weft::error_context& c) {
            reports_.push_back(c.message);
            if (!c.stack.empty()) places_.push_back(c.stack.back().function);
        });
    }
    /// Keeps its thread for a while, as nothing on a loop should.
    static void block() {
        const auto until = weft::clock::now() + 2ms;
        while (weft::clock::now() < until) {
        }
    }

    std::vector<std::string> reports_, places_;
    std::unique_ptr<weft::event_loop> loop_;  // goes first, and reports what it destroys
};

task<> blocks_between_two_awaits() {
    co_await weft::yield_now();
    const auto until = weft::clock::now() + 2ms;
    while (weft::clock::now() < until) {
    }
    co_await weft::sleep(1s);
}

TEST_F(debug_mode, names_a_task_that_keeps_the_others_waiting_and_where) {
    loop_->slow_callback_duration = 1ms;
    loop_->run_until_complete(blocks_between_two_awaits());
    ASSERT_EQ(reports_.size(), 1u);
    EXPECT_TRUE(reports_[0].starts_with("Executing Task-1 took ")) << reports_[0];
    EXPECT_TRUE(reports_[0].ends_with(" seconds")) << reports_[0];
    EXPECT_EQ(places_, std::vector<std::string>{"blocks_between_two_awaits"});
}

TEST_F(debug_mode, names_a_slow_callback) {
    loop_->slow_callback_duration = 1ms;
    loop_->call_soon([] { block(); });
    loop_->run_until_complete([]() -> task<> { co_await weft::sleep(1s); }());
    ASSERT_EQ(reports_.size(), 1u);
    EXPECT_TRUE(reports_[0].starts_with("Executing callback took")) << reports_[0];
}

TEST_F(debug_mode, is_silent_about_what_is_quick_enough_and_when_it_is_off) {
    loop_->slow_callback_duration = 1min;  // a busy machine may take its time
    loop_->run_until_complete(blocks_between_two_awaits());
    loop_->slow_callback_duration = 1ms;
    loop_->set_debug(false);
    loop_->run_until_complete(blocks_between_two_awaits());
    EXPECT_TRUE(reports_.empty());
}

task<int> forgotten() { co_return 1; }

TEST_F(debug_mode, reports_a_task_that_was_never_awaited) {
    loop_->run_until_complete([]() -> task<> {
        {
            const auto t = forgotten();
        }
        co_return;
    }());
    EXPECT_EQ(reports_, std::vector<std::string>{"coroutine 'forgotten' was never awaited"});
    EXPECT_EQ(places_, std::vector<std::string>{"forgotten"});
}

TEST_F(debug_mode, refuses_what_another_thread_may_not_do) {
    const auto main = [](weft::event_loop& loop) -> task<> {
        const weft::future<int> f;
        const auto h = weft::create_task([]() -> task<> { co_await weft::sleep(1h); });
        std::thread([&] {
            EXPECT_THROW(loop.call_soon([] {}), weft::invalid_state_error);
            EXPECT_THROW(loop.call_later(1s, [] {}), weft::invalid_state_error);
            EXPECT_THROW(f.set_result(1), weft::invalid_state_error);
            EXPECT_THROW(f.cancel(), weft::invalid_state_error);
            EXPECT_THROW(h.cancel(), weft::invalid_state_error);
            EXPECT_NO_THROW(loop.call_soon_threadsafe([] {}));
        }).join();
        EXPECT_FALSE(f.done());
        h.cancel();
        co_return;
    };
    loop_->run_until_complete(main(*loop_));
}

TEST(run_options, turn_debug_mode_on) {
    const auto main = []() -> task<bool> { co_return weft::get_running_loop().get_debug(); };
    EXPECT_TRUE(weft::run(main(), {.debug = true}));
    EXPECT_FALSE(weft::run(main(), {.debug = false}));
}

TEST_F(debug_mode, a_handler_may_create_tasks_while_the_loop_closes_and_replace_itself) {
    int reports = 0;
    const auto pending = []() -> task<> { co_await weft::sleep(1h); };
    loop_->set_exception_handler([&](weft::event_loop& l, const weft::error_context&) {
        ++reports;
        (void)weft::create_task_on(l, pending());
        l.set_exception_handler([&](weft::event_loop& again, const weft::error_context&) {
            ++reports;
            (void)weft::create_task_on(again, pending());
        });
    });
    (void)weft::create_task_on(*loop_, pending());
    (void)weft::create_task_on(*loop_, pending());
    loop_->run_once(loop_->time());
    loop_->close();
    EXPECT_GE(reports, 2);
    EXPECT_LT(reports, 100) << "for each report it makes a task";
}

}  // namespace
