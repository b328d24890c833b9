// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/wait.hpp>
#include <weft/loop/task_handle.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// What CPython's test_tasks and test_futures assert of what a cancellation says; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::create_task;
using weft::future;

const std::string messages[] = {"", "my message"};

/// What the cancelled_error says that `f` throws.
template <class F>
std::string message_of(const F& f) {
    try {
        f();
    } catch (const weft::cancelled_error& e) {
        return e.message();
    }
    return "none";
}
template <class A>
task<std::string> message_awaited(A aw) {
    try {
        (void)co_await std::move(aw);
    } catch (const weft::cancelled_error& e) {
        co_return e.message();
    }
    co_return "none";
}

// test_task_cancel_message_getter, test_cancel_with_message_before_starting_task
TEST(task_handle_cancel_message_parity, of_a_task_that_has_not_started_is_what_is_raised_where_it_is_looked_at) {
    run_in_every_order([]() -> task<> {
        const auto h = create_task(number_after(10s, 1));
        h.cancel("my message");
        co_await weft::wait({h});
        EXPECT_EQ(message_of([&] { (void)h.exception(); }), "my message");
        EXPECT_EQ(co_await message_awaited(h), "my message");
    });
}

// test_task_cancel_message_setter: the last request's is the one
TEST(task_handle_cancel_message_parity, of_the_last_request_replaces_the_one_before) {
    run_in_every_order([]() -> task<> {
        const auto h = create_task(number_after(10s, 1));
        h.cancel("my message");
        h.cancel("my new message");
        EXPECT_EQ(co_await message_awaited(h), "my new message");
    });
}

// test_cancel_with_message_then_future_result, test_cancel_with_message_then_future_exception
TEST(task_handle_cancel_message_parity, is_raised_by_result_and_exception) {
    for (const std::string& message : messages) {
        run_in_every_order([=]() -> task<> {
            const auto h = create_task(number_after(10s, 1));
            co_await weft::sleep(1ms);
            h.cancel(message);
            co_await weft::wait({h});
            EXPECT_EQ(message_of([&] { (void)h.result(); }), message);
            EXPECT_EQ(message_of([&] { (void)h.exception(); }), message);
        });
    }
}

// test_cancellation_exception_context
TEST(task_handle_cancel_message_parity, is_seen_by_who_awaits_the_task) {
    run_in_every_order([]() -> task<> {
        const future<> started;
        const auto body = [&]() -> task<> {
            started.set_result();
            co_await weft::sleep(10s);
        };
        const auto h = create_task(body());
        co_await started;
        weft::get_running_loop().call_soon([h] { h.cancel("msg"); });
        EXPECT_EQ(co_await message_awaited(h), "msg");
    });
}

// BaseFutureTests.test_future_cancel_message_getter
TEST(task_handle_cancel_message_parity, of_a_future_is_seen_by_who_awaits_it) {
    for (const std::string& message : messages) {
        run_in_every_order([=]() -> task<> {
            const future<int> f;
            f.cancel(message);
            EXPECT_EQ(co_await message_awaited(f), message);
            EXPECT_EQ(message_of([&] { (void)f.exception(); }), message);
        });
    }
}

// The same through a task that awaits the future, a task that awaits that one, and a request made before the await.
TEST(task_handle_cancel_message_parity, goes_down_the_line_of_awaits_and_comes_up_again) {
    run_in_every_order([]() -> task<> {
        const future<> f;
        const auto waits = [](future<> g) -> task<> { co_await g; };
        const auto inner = create_task(waits(f));
        const auto outer = [](weft::task_handle<> h) -> task<> { co_await h; };
        const auto h = create_task(outer(inner));
        co_await weft::sleep(1ms);
        h.cancel("down");
        EXPECT_EQ(co_await message_awaited(h), "down");
        EXPECT_EQ(message_of([&] { (void)inner.exception(); }), "down");
        EXPECT_EQ(message_of([&] { (void)f.exception(); }), "down");
        const future<> later;
        const auto cancels_itself = [](future<> g) -> task<> {
            weft::current_task().cancel("ahead");
            co_await g;
        };
        EXPECT_EQ(co_await message_awaited(create_task(cancels_itself(later))), "ahead");
        EXPECT_EQ(message_of([&] { (void)later.exception(); }), "ahead");
    });
}

}  // namespace
