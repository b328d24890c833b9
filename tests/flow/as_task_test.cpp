// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/as_task.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using weft::future;
using weft::generator;

namespace {

template <class T>
weft::task<T> after(weft::clock::duration d, T value) {
    co_await weft::sleep(d);
    co_return value;
}
weft::task<int> fails_after(weft::clock::duration d) {
    co_await weft::sleep(d);
    throw std::runtime_error("failed");
}

generator<future<int>, int, int> sum(future<int> a, future<int> b) {
    const int first = co_yield a;
    const int second = co_yield b;
    co_return first + second;
}

TEST(as_task, sends_the_result_of_each_future_in) {
    const auto main = []() -> weft::task<int> {
        co_return co_await weft::as_task(sum(weft::create_task(after(2s, 3)), weft::create_task(after(1s, 4))));
    };
    EXPECT_EQ(weft::testing::run(main()), 7);
}

TEST(as_task, runs_beside_other_tasks) {
    const auto main = []() -> weft::task<> {
        const auto began = weft::get_running_loop().time();
        const auto one =
            weft::create_task(weft::as_task(sum(weft::create_task(after(2s, 3)), weft::create_task(after(1s, 4)))));
        EXPECT_EQ(co_await after(2s, 1), 1);
        EXPECT_EQ(co_await one, 7);
        EXPECT_EQ(weft::get_running_loop().time() - began, 2s);
    };
    weft::testing::run(main());
}

TEST(as_task, futures_without_a_result_and_results_that_cannot_be_copied) {
    const auto nothing = [](future<> f) -> generator<future<>, void, std::string> {
        co_yield f;
        co_return "done";
    };
    const auto pointer =
        [](future<std::unique_ptr<int>> f) -> generator<future<std::unique_ptr<int>>, std::unique_ptr<int>> {
        EXPECT_EQ(*(co_yield std::move(f)), 3);
    };
    const auto main = [&]() -> weft::task<> {
        EXPECT_EQ(co_await weft::as_task(nothing(weft::create_task(weft::sleep(1s)))), "done");
        co_await weft::as_task(pointer(weft::create_task(after(1s, std::make_unique<int>(3)))));
    };
    weft::testing::run(main());
}

TEST(as_task, raises_what_a_future_failed_with_where_it_is_waited_for) {
    const auto survives = [](future<int> bad, future<int> good) -> generator<future<int>, int, int> {
        bool failed = false;
        try {
            co_yield bad;
        } catch (const std::runtime_error&) {
            failed = true;
        }
        const int value = co_yield good;
        co_return failed ? value : -1;
    };
    const auto main = [&]() -> weft::task<> {
        EXPECT_EQ(co_await weft::as_task(survives(weft::create_task(fails_after(1s)), weft::create_task(after(2s, 5)))),
                  5);
        auto passes = weft::as_task(sum(weft::create_task(fails_after(1s)), future<int>()));
        EXPECT_THROW(co_await std::move(passes), std::runtime_error);
    };
    weft::testing::run(main());
}

TEST(as_task, cancelled_while_waiting_raises_the_cancellation_in_the_generator) {
    bool cancelled = false;
    const auto notes = [&](future<int> f) -> generator<future<int>, int, int> {
        try {
            co_yield f;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
            throw;
        }
        co_return 0;
    };
    const auto main = [&]() -> weft::task<> {
        const auto h = weft::create_task(weft::as_task(notes(weft::create_task(after(1h, 1)))));
        co_await weft::sleep(1s);
        h.cancel();
        EXPECT_THROW(co_await h, weft::cancelled_error);
    };
    weft::testing::run(main());
    EXPECT_TRUE(cancelled);
}

TEST(as_task, destroyed_while_waiting_destroys_the_generator) {
    const auto alive = std::make_shared<int>();
    const auto keeps = [](std::shared_ptr<int>, future<int> f) -> generator<future<int>, int, int> {
        co_return co_yield f;
    };
    {
        auto loop = weft::testing::make_virtual_loop();
        loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto main = [&]() -> weft::task<> { co_await weft::as_task(keeps(alive, future<int>())); };
        const auto h = weft::create_task_on(*loop, main());
        loop->run_until_complete([]() -> weft::task<> { co_await weft::sleep(1h); }());
        EXPECT_EQ(alive.use_count(), 2);
        loop->close();
    }
    EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
