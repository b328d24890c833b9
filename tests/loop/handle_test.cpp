// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/event_loop.hpp>
#include <weft/loop/handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

// Callbacks: call_soon, call_later, call_at, call_soon_threadsafe and what they give.

namespace {

struct a_loop : testing::Test {
    std::unique_ptr<weft::event_loop> owner = weft::testing::make_virtual_loop();
    weft::event_loop& loop = *owner;
    std::string log;

    std::move_only_function<void()> says(char c) {
        return [this, c] { log += c; };
    }
    /// Runs everything that can happen up to `d` from now.
    void run_for(weft::clock::duration d) {
        loop.call_later(d, [this] { loop.stop(); });
        loop.run_forever();
    }
};
using handle = a_loop;

TEST_F(handle, call_soon_calls_in_order) {
    for (char c = 'a'; c <= 'e'; ++c) loop.call_soon(says(c));
    EXPECT_EQ(log, "");
    loop.run_once();
    EXPECT_EQ(log, "abcde");
}

TEST_F(handle, what_a_callback_makes_ready_comes_after_what_was_ready) {
    loop.call_soon([this] {
        log += 'a';
        loop.call_soon(says('c'));
    });
    loop.call_soon(says('b'));
    run_for(1s);
    EXPECT_EQ(log, "abc");
}

TEST_F(handle, call_later_and_call_at_call_in_the_order_of_their_times) {
    const auto now = loop.time();
    loop.call_later(3s, says('d'));
    loop.call_at(now + 1s, says('a'));
    loop.call_later(2s, says('b'));
    loop.call_at(now + 2s, says('c'));  // as late as b, but added after it
    loop.call_later(1h, says('e'));
    run_for(2h);
    EXPECT_EQ(log, "abcde");
}

TEST_F(handle, a_delay_that_is_none_comes_after_what_is_ready) {
    loop.call_soon(says('a'));
    loop.call_later(0s, says('b'));
    loop.call_later(-5s, says('c'));
    loop.call_at(loop.time() - 1h, says('d'));
    loop.call_soon(says('e'));
    run_for(0s);
    EXPECT_EQ(log.size(), 5u);
    EXPECT_EQ(log.front(), 'a');
    EXPECT_LT(log.find('b'), log.find('c'));
}

TEST_F(handle, a_callback_is_called_at_its_time_and_not_before) {
    const auto began = loop.time();
    weft::clock::duration after{};
    const auto h = loop.call_later(90min, [&] { after = loop.time() - began; });
    EXPECT_EQ(h.when(), began + 90min);
    run_for(91min);
    EXPECT_EQ(after, 90min);
}

TEST_F(handle, call_later_for_ever_is_never_called) {
    loop.call_later(std::chrono::hours::max(), says('x'));
    run_for(1000h);
    EXPECT_EQ(log, "");
}

TEST_F(handle, what_a_callback_captured_goes_when_it_was_called) {
    const auto shared = std::make_shared<int>(1);
    const auto soon = loop.call_soon([shared] {});
    const auto later = loop.call_later(1s, [shared] {});
    run_for(2s);
    EXPECT_EQ(shared.use_count(), 1);
    EXPECT_FALSE(soon.cancelled() || later.cancelled());
}

// Cancellation

TEST_F(handle, a_cancelled_callback_is_not_called) {
    const auto soon = loop.call_soon(says('x'));
    const auto later = loop.call_later(1s, says('y'));
    soon.cancel();
    later.cancel();
    EXPECT_TRUE(soon.cancelled());
    EXPECT_TRUE(later.cancelled());
    run_for(2s);
    EXPECT_EQ(log, "");
}

TEST_F(handle, a_timer_may_be_cancelled_when_it_has_fired_and_was_not_called_yet) {
    weft::timer_handle second;
    loop.call_later(1s, [&] { second.cancel(); });
    second = loop.call_later(1s, says('x'));
    run_for(2s);
    EXPECT_EQ(log, "");
    EXPECT_TRUE(second.cancelled());
}

TEST_F(handle, cancelling_twice_or_too_late_does_nothing) {
    const auto soon = loop.call_soon(says('a'));
    const auto later = loop.call_later(1s, says('b'));
    const auto twice = loop.call_later(1s, says('x'));
    twice.cancel();
    twice.cancel();
    run_for(2s);
    soon.cancel();
    later.cancel();
    later.cancel();
    run_for(2s);
    EXPECT_EQ(log, "ab");
}

TEST_F(handle, a_callback_may_cancel_itself) {
    weft::handle soon;
    weft::timer_handle later;
    soon = loop.call_soon([&] {
        soon.cancel();
        log += 'a';
    });
    later = loop.call_later(1s, [&] {
        later.cancel();
        log += 'b';
    });
    run_for(2s);
    EXPECT_EQ(log, "ab");
}

TEST_F(handle, a_dropped_handle_leaves_the_callback_scheduled) {
    {
        auto h = loop.call_later(1s, says('a'));
    }
    {
        auto h = loop.call_soon(says('b'));
    }
    run_for(2s);
    EXPECT_EQ(log, "ba");
}

TEST_F(handle, an_empty_handle_does_nothing) {
    const weft::handle none;
    none.cancel();
    EXPECT_FALSE(none.cancelled());
    EXPECT_EQ(weft::timer_handle().when(), weft::clock::time_point());
}

TEST_F(handle, outlives_its_loop) {
    const auto shared = std::make_shared<int>(1);
    const auto soon = loop.call_soon([shared] {});
    const auto later = loop.call_later(1h, [shared] {});
    const auto cancelled = loop.call_later(1h, [] {});
    cancelled.cancel();
    owner.reset();
    EXPECT_EQ(shared.use_count(), 1);
    soon.cancel();
    later.cancel();
    cancelled.cancel();
}

// Misuse

TEST_F(handle, what_a_callback_throws_goes_to_the_exception_handler_and_the_others_run) {
    loop.set_exception_handler([this](weft::event_loop& l, const weft::error_context& context) {
        EXPECT_EQ(&l, &loop);
        log += "[" + context.message + ": " + weft::describe_exception(context.exception) + "]";
    });
    loop.call_soon([] { throw std::runtime_error("no"); });
    loop.call_soon(says('a'));
    loop.call_later(1s, [] { throw 42; });
    loop.call_later(2s, says('b'));
    run_for(3s);
    EXPECT_EQ(log, "[Exception in callback: std::runtime_error: no]a[Exception in callback: int]b");
}

TEST_F(handle, an_exception_handler_that_throws_is_survived) {
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) { throw std::logic_error("worse"); });
    loop.call_soon([] { throw std::runtime_error("bad"); });
    loop.call_soon(says('a'));
    testing::internal::CaptureStderr();
    run_for(0s);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("worse"), std::string::npos) << said;
    EXPECT_NE(said.find("bad"), std::string::npos) << said;
    EXPECT_EQ(log, "a");
}

TEST_F(handle, without_an_exception_handler_stderr_is_told) {
    loop.set_exception_handler(nullptr);
    loop.call_soon([] { throw std::runtime_error("no"); });
    testing::internal::CaptureStderr();
    run_for(0s);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "weft: Exception in callback: std::runtime_error: no\n");
}

// Races

TEST(handle_threads, callbacks_from_many_threads_all_run_each_threads_in_order) {
    constexpr int threads = 4, each = 5000;
    weft::event_loop loop;
    std::vector<int> last(threads, -1);
    int count = 0;
    std::vector<std::thread> senders;
    for (int t = 0; t < threads; ++t) {
        senders.emplace_back([&, t] {
            for (int i = 0; i < each; ++i) {
                loop.call_soon_threadsafe([&, t, i] {
                    EXPECT_EQ(last[static_cast<std::size_t>(t)], i - 1);
                    last[static_cast<std::size_t>(t)] = i;
                    if (++count == threads * each) loop.stop();
                });
            }
        });
    }
    loop.run_forever();
    for (std::thread& s : senders) s.join();
    EXPECT_EQ(count, threads * each);
}

TEST(handle_threads, a_loop_that_waits_is_woken_every_time) {
    weft::event_loop loop;
    std::atomic<int> turns{0};
    std::thread sender([&] {
        for (int i = 0; i < 2000; ++i) {
            loop.call_soon_threadsafe([&] { ++turns; });
            while (turns.load() <= i) std::this_thread::yield();  // until the loop is idle again
        }
        loop.call_soon_threadsafe([&] { loop.stop(); });
    });
    loop.run_forever();
    sender.join();
    EXPECT_EQ(turns.load(), 2000);
}

TEST(handle_threads, a_callback_for_another_loop_may_be_cancelled_from_its_sender) {
    weft::event_loop loop;
    int called = 0;
    std::thread([&] {
        for (int i = 0; i < 100; ++i) {
            const auto h = loop.call_soon_threadsafe([&] { ++called; });
            if (i % 2) h.cancel();
        }
        loop.call_soon_threadsafe([&] { loop.stop(); });
    }).join();
    loop.run_forever();
    EXPECT_EQ(called, 50);
}

}  // namespace
