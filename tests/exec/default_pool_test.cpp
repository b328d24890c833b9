// SPDX-License-Identifier: Apache-2.0
#include "exec/threads.hpp"

#include <weft/exec/default_pool.hpp>
#include <weft/exec/run_in_executor.hpp>
#include <weft/exec/thread_pool.hpp>
#include <weft/exec/to_thread.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

TEST(default_pool, is_made_at_the_first_use_and_kept) {
    const auto main = []() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        EXPECT_EQ(loop.default_executor(), nullptr);
        co_await weft::to_thread([] {});
        weft::executor* const first = loop.default_executor();
        EXPECT_NE(first, nullptr);
        co_await weft::run_in_executor([] {});
        EXPECT_EQ(loop.default_executor(), first);
        EXPECT_EQ(&weft::default_pool(loop), first);
    };
    weft::run(main());
}

TEST(default_pool, may_be_set) {
    const auto pool = std::make_shared<weft::thread_pool>(1);
    const auto main = [](std::shared_ptr<weft::thread_pool> p) -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        EXPECT_THROW(loop.set_default_executor(nullptr), std::invalid_argument);
        co_await weft::to_thread([] {});
        loop.set_default_executor(p);
        EXPECT_EQ(loop.default_executor(), p.get());
        co_await weft::to_thread([] {});
        EXPECT_EQ(p->thread_count(), 1u);
    };
    weft::run(main(pool));
    EXPECT_THROW((void)pool->submit([] {}), weft::invalid_state_error);  // run() has shut it down, as asyncio.run
}

TEST(default_pool, may_be_replaced_while_it_makes_a_call) {
    const auto main = []() -> weft::task<> {
        held_call held;
        const auto f = weft::run_in_executor(std::ref(held));
        held.begun.wait();
        weft::get_running_loop().set_default_executor(std::make_shared<weft::thread_pool>(1));  // does not wait
        held.may_end.open();
        EXPECT_EQ(co_await f, 7);
    };
    weft::run(main());
}

TEST(default_pool, run_waits_for_its_calls_before_it_closes_the_loop) {
    std::atomic<int> ended = 0;
    held_call held;
    std::thread later;
    const auto main = [](held_call& h, std::atomic<int>& e, std::thread& opener) -> weft::task<> {
        (void)weft::run_in_executor([&] {
            h();
            ++e;
        });
        h.begun.wait();
        opener = std::thread([&h] { h.may_end.open(); });
        co_return;
    };
    weft::run(main(held, ended, later));
    EXPECT_EQ(ended, 1);
    later.join();
}

TEST(default_pool, its_shutdown_does_not_block_the_loop) {
    const auto main = []() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        held_call held;
        const auto f = weft::run_in_executor(std::ref(held));
        const auto shutdown = weft::create_task(loop.shutdown_default_executor());
        for (int i = 0; i < 10; ++i) co_await weft::yield_now();
        EXPECT_FALSE(shutdown.done());
        held.may_end.open();
        co_await shutdown;
        EXPECT_EQ(co_await f, 7);
    };
    weft::run(main());
}

TEST(default_pool, once_shut_down_takes_no_more_and_says_so) {
    const auto main = []() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        co_await loop.shutdown_default_executor();  // before there is one
        std::string said;
        try {
            co_await weft::to_thread([] {});
        } catch (const weft::invalid_state_error& e) {
            said = e.what();
        }
        EXPECT_EQ(said, "the loop's default executor has been shut down");
        EXPECT_THROW((void)weft::run_in_executor([] {}), weft::invalid_state_error);
        weft::thread_pool pool(1);
        EXPECT_EQ(co_await weft::run_in_executor(pool, [] { return 1; }), 1);  // others do
        co_await loop.shutdown_default_executor();
    };
    weft::run(main());
}

TEST(default_pool, what_takes_longer_than_the_timeout_is_reported_and_left) {
    held_call held;
    gate ended;
    std::string reports;
    const auto main = [](held_call& h, gate& e, std::string& r) -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        loop.set_exception_handler([&r](weft::event_loop&, const weft::error_context& c) { r += c.message + "\n"; });
        (void)weft::run_in_executor([&] {
            h();
            e.open();
        });
        h.begun.wait();
        co_await loop.shutdown_default_executor(1ms);
    };
    weft::run(main(held, ended, reports));  // which does not wait for it again
    EXPECT_EQ(reports, "the default executor did not end its threads within 0.001000 s\n");
    EXPECT_FALSE(ended.is_open());
    held.may_end.open();
    ended.wait();
}

TEST(default_pool, a_shutdown_that_is_cancelled_leaves_the_loop_usable) {
    const auto main = []() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        held_call held;
        const auto f = weft::run_in_executor(std::ref(held));
        held.begun.wait();
        const auto shutdown = weft::create_task(loop.shutdown_default_executor(1h));
        co_await weft::yield_now();
        shutdown.cancel();
        co_await weft::yield_now();
        EXPECT_TRUE(shutdown.cancelled());
        held.may_end.open();
        EXPECT_EQ(co_await f, 7);
    };
    weft::run(main());
}

TEST(default_pool, a_loop_that_closes_does_not_wait_for_it) {
    held_call held;
    gate ended;
    auto loop = std::make_unique<weft::event_loop>();
    loop->call_soon([&] {
        (void)weft::run_in_executor([&] {
            held();
            ended.open();
        });
    });
    loop->run_once();
    held.begun.wait();
    loop->close();
    loop.reset();
    EXPECT_FALSE(ended.is_open());
    held.may_end.open();
    ended.wait();
}

}  // namespace
