// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/foreign_awaiter.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Awaiters that know nothing of weft: by hand, under a loop, resumed at once, later, and from other threads.

namespace {

enum class answer { nothing, yes, no, own_handle, other_handle };

/// A foreign awaiter whose await_suspend returns void, bool or a handle, and gives its handle to `when_suspended`.
template <answer A>
struct foreign {
    std::function<void(std::coroutine_handle<>)> when_suspended = [](std::coroutine_handle<>) {};
    int value = 1;
    bool ready = false;

    bool await_ready() const { return ready; }
    auto await_suspend(std::coroutine_handle<> h) {
        when_suspended(h);
        if constexpr (A == answer::yes) return true;
        if constexpr (A == answer::no) return false;
        if constexpr (A == answer::own_handle) return h;
        if constexpr (A == answer::other_handle) return std::noop_coroutine();
    }
    int await_resume() const {
        if (value < 0) throw std::runtime_error("negative");
        return value;
    }
};
const auto resume_at_once = [](std::coroutine_handle<> h) { h.resume(); };
/// Resumes when the loop comes round to it.
void resume_soon(std::coroutine_handle<> h) {
    weft::get_running_loop().call_soon([h] { h.resume(); });
}

template <answer A>
int awaited_under_a_loop(foreign<A> awaiter) {
    const auto main = [](foreign<A>& a) -> weft::task<int> { co_return co_await a; };
    return weft::testing::run(main(awaiter));
}

TEST(foreign_awaiter, that_is_ready_does_not_suspend) {
    EXPECT_EQ(awaited_under_a_loop<answer::nothing>({.value = 2, .ready = true}), 2);
}

TEST(foreign_awaiter, may_resume_at_once_or_soon) {
    EXPECT_EQ(awaited_under_a_loop<answer::nothing>({.when_suspended = resume_at_once, .value = 3}), 3);
    EXPECT_EQ(awaited_under_a_loop<answer::nothing>({.when_suspended = resume_soon, .value = 4}), 4);
    EXPECT_EQ(awaited_under_a_loop<answer::yes>({.when_suspended = resume_soon, .value = 5}), 5);
}

TEST(foreign_awaiter, that_answers_false_goes_on_at_once) {
    EXPECT_EQ(awaited_under_a_loop<answer::no>({.value = 6}), 6);
    const auto main = []() -> weft::task<int> {
        int sum = 0;
        for (int i = 0; i < 100'000; ++i) sum += co_await foreign<answer::no>();
        co_return sum;
    };
    EXPECT_EQ(weft::testing::run(main()), 100'000);
}

TEST(foreign_awaiter, may_answer_with_a_coroutine_to_go_on_with) {
    EXPECT_EQ(awaited_under_a_loop<answer::own_handle>({.value = 7}), 7);
    EXPECT_EQ(awaited_under_a_loop<answer::other_handle>({.when_suspended = resume_soon, .value = 8}), 8);
}

TEST(foreign_awaiter, what_its_await_resume_throws_is_thrown_at_the_await) {
    EXPECT_THROW(awaited_under_a_loop<answer::nothing>({.when_suspended = resume_soon, .value = -1}),
                 std::runtime_error);
    EXPECT_THROW(awaited_under_a_loop<answer::no>({.value = -1}), std::runtime_error);
}

TEST(foreign_awaiter, what_its_await_suspend_throws_is_thrown_at_the_await) {
    const auto main = []() -> weft::task<bool> {
        foreign<answer::nothing> a{.when_suspended = [](std::coroutine_handle<>) { throw std::logic_error("no"); }};
        bool thrown = false;
        try {
            co_await a;
        } catch (const std::logic_error&) {
            thrown = true;
        }
        co_await weft::sleep(std::chrono::seconds(1));  // the task is as well as before
        co_return thrown;
    };
    EXPECT_TRUE(weft::testing::run(main()));
}

struct has_operator {
    foreign<answer::nothing> operator co_await() const { return {.when_suspended = resume_soon, .value = 9}; }
};

TEST(foreign_awaiter, is_found_through_operator_co_await) {
    const auto main = []() -> weft::task<int> { co_return co_await has_operator(); };
    EXPECT_EQ(weft::testing::run(main()), 9);
}

TEST(foreign_awaiter, a_bare_yield_lets_every_other_ready_task_run) {
    const auto main = []() -> weft::task<std::string> {
        std::string log;
        const auto other = [](std::string& l) -> weft::task<> {
            l += 'b';
            co_await std::suspend_always();
            l += 'd';
        };
        const auto h = weft::create_task(other(log));
        log += 'a';
        co_await std::suspend_always();
        log += 'c';
        co_await h;
        co_return log;
    };
    EXPECT_EQ(weft::testing::run(main()), "abcd");
}

TEST(foreign_awaiter, by_hand_the_next_step_goes_on_whoever_resumed) {
    std::coroutine_handle<> resumed;
    const auto body = [](std::coroutine_handle<>& out) -> weft::task<int> {
        foreign<answer::nothing> a{.when_suspended = [&out](std::coroutine_handle<> h) { out = h; }, .value = 10};
        co_return co_await a;
    };
    auto t = body(resumed);
    EXPECT_EQ(t.step(), std::nullopt);
    resumed.resume();
    EXPECT_EQ(t.state(), weft::coroutine_state::suspended);
    EXPECT_EQ(t.step(), 10);
}

TEST(foreign_awaiter, a_cancellation_is_raised_at_the_next_await_after_it) {
    const auto main = []() -> weft::task<std::string> {
        std::string log;
        const auto body = [](std::string& l) -> weft::task<> {
            foreign<answer::nothing> a{.when_suspended = resume_soon, .value = 1};
            co_await a;
            l += "foreign done, ";
            try {
                co_await weft::sleep(std::chrono::hours(1));
            } catch (const weft::cancelled_error&) {
                l += "cancelled";
                throw;
            }
        };
        const auto h = weft::create_task(body(log));
        co_await weft::yield_now();  // it waits for the foreign awaiter now
        h.cancel();
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
        }
        co_return log;
    };
    EXPECT_EQ(weft::testing::run(main()), "foreign done, cancelled");
}

TEST(foreign_awaiter, a_cancelled_bare_yield_raises_by_itself) {
    const auto main = []() -> weft::task<bool> {
        const auto h = weft::create_task([]() -> weft::task<> { co_await std::suspend_always(); });
        co_await weft::yield_now();
        h.cancel();
        co_await std::suspend_always();
        co_return h.cancelled();
    };
    EXPECT_TRUE(weft::testing::run(main()));
}

TEST(foreign_awaiter, destroyed_while_waiting_goes_with_the_task) {
    auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto body = []() -> weft::task<> { co_await foreign<answer::nothing>(); };
    const auto h = weft::create_task_on(*loop, body());
    loop->run_once();
    loop->close();
    EXPECT_FALSE(h.done());
}

/// Resumes from a thread of its own, and may do so before await_suspend has returned.
struct from_a_thread {
    std::vector<std::thread>& threads;
    int value = 0;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) {
        threads.emplace_back([this, h] {
            value = 1;
            h.resume();
        });
    }
    int await_resume() const { return value; }
};

TEST(foreign_awaiter, may_resume_from_another_thread) {
    std::vector<std::thread> threads;
    const auto main = [](std::vector<std::thread>& t) -> weft::task<int> {
        const auto here = std::this_thread::get_id();
        int sum = 0;
        for (int i = 0; i < 500; ++i) sum += co_await from_a_thread{t};
        EXPECT_EQ(std::this_thread::get_id(), here);
        co_return sum;
    };
    weft::runner r({.handle_sigint = false});
    EXPECT_EQ(r.run(main(threads)), 500);
    for (std::thread& t : threads) t.join();
}

}  // namespace
