// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/execution.hpp>
#include <weft/coro/task.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <coroutine>
#include <functional>
#include <memory>
#include <stdexcept>

// Running a chain of awaits: step() by hand, and chains so deep that they would crash on anything but constant stack.

namespace {

weft::task<int> counts_to(int n) {
    for (int i = 1; i < n; ++i) co_await std::suspend_always();
    co_return n;
}

TEST(execution, step_runs_to_the_next_suspension_and_gives_the_result_at_last) {
    auto t = counts_to(3);
    EXPECT_EQ(t.state(), weft::coroutine_state::created);
    EXPECT_EQ(t.step(), std::nullopt);
    EXPECT_EQ(t.state(), weft::coroutine_state::suspended);
    EXPECT_EQ(t.step(), std::nullopt);
    EXPECT_EQ(t.step(), 3);
    EXPECT_EQ(t.state(), weft::coroutine_state::closed);
}

TEST(execution, step_resumes_the_innermost_coroutine) {
    const auto outer = []() -> weft::task<int> { co_return co_await counts_to(2) + co_await counts_to(3); };
    auto t = outer();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(t.step(), std::nullopt);
    EXPECT_EQ(t.step(), 5);
}

TEST(execution, step_gives_void_as_monostate_and_a_reference_as_pointer) {
    int i = 0;
    const auto reference = [](int& r) -> weft::task<int&> { co_return r; };
    auto by_reference = reference(i);
    EXPECT_EQ(by_reference.step(), &i);
    auto nothing = []() -> weft::task<> { co_return; }();
    EXPECT_EQ(nothing.step(), std::monostate());
    auto pointer = []() -> weft::task<std::unique_ptr<int>> { co_return std::make_unique<int>(1); }();
    EXPECT_EQ(**pointer.step(), 1);
}

TEST(execution, a_stepped_task_may_be_moved_between_steps) {
    auto t = counts_to(2);
    (void)t.step();
    auto moved = std::move(t);
    EXPECT_EQ(t.state(), weft::coroutine_state::closed);  // NOLINT(bugprone-use-after-move): what is promised
    EXPECT_EQ(moved.step(), 2);
}

TEST(execution, suspend_never_does_not_suspend) {
    auto t = []() -> weft::task<int> {
        co_await std::suspend_never();
        co_return 1;
    }();
    EXPECT_EQ(t.step(), 1);
}

void expect_reuse_is_refused(auto& t) {
    try {
        (void)t.step();
        FAIL();
    } catch (const weft::invalid_state_error& e) {
        EXPECT_STREQ(e.what(), "cannot reuse already awaited coroutine");
    }
}

TEST(execution, step_refuses_a_finished_failed_or_moved_task) {
    auto finished = counts_to(1);
    EXPECT_EQ(finished.step(), 1);
    expect_reuse_is_refused(finished);
    auto failed = []() -> weft::task<> {
        throw std::runtime_error("no");
        co_return;
    }();
    EXPECT_THROW((void)failed.step(), std::runtime_error);
    EXPECT_EQ(failed.state(), weft::coroutine_state::closed);
    expect_reuse_is_refused(failed);
    auto source = counts_to(1);
    const auto target = std::move(source);
    expect_reuse_is_refused(source);  // NOLINT(bugprone-use-after-move): the mistake
}

TEST(execution, step_refuses_a_running_task) {
    weft::task<> t;
    const auto body = [](weft::task<>& self) -> weft::task<> {
        EXPECT_EQ(self.state(), weft::coroutine_state::running);
        EXPECT_THROW((void)self.step(), weft::invalid_state_error);
        co_return;
    };
    t = body(t);
    EXPECT_TRUE(t.step());
}

TEST(execution, what_needs_a_loop_says_so_under_step) {
    auto t = []() -> weft::task<> { co_await weft::sleep(std::chrono::seconds(1)); }();
    EXPECT_THROW((void)t.step(), weft::no_running_loop_error);
    auto yields = []() -> weft::task<int> {
        try {
            co_await weft::yield_now();
        } catch (const weft::no_running_loop_error&) {
            co_return 1;
        }
        co_return 0;
    }();
    EXPECT_EQ(yields.step(), 1);
}

// Deep chains

constexpr int depth = 100'000;

/// 256 KiB: two and a half bytes for each coroutine of the chain.
void on_a_small_stack(std::function<void()> f) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    pthread_t thread{};
    const auto call = [](void* p) -> void* {
        (*static_cast<std::function<void()>*>(p))();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, call, &f), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

enum class bottom { returns, suspends, throws };

weft::task<int> chain(int n, bottom at_the_bottom) {
    if (n > 0) co_return 1 + co_await chain(n - 1, at_the_bottom);
    if (at_the_bottom == bottom::suspends) co_await std::suspend_always();
    if (at_the_bottom == bottom::throws) throw std::runtime_error("from the bottom");
    co_return 0;
}

TEST(execution, a_chain_of_100000_awaits_completes_in_constant_stack) {
    on_a_small_stack([] {
        auto t = chain(depth, bottom::returns);
        EXPECT_EQ(t.step(), depth);
    });
}

TEST(execution, a_chain_of_100000_awaits_is_suspended_and_resumed_in_constant_stack) {
    on_a_small_stack([] {
        auto t = chain(depth, bottom::suspends);
        EXPECT_EQ(t.step(), std::nullopt);
        EXPECT_EQ(t.step(), depth);
    });
}

TEST(execution, a_chain_of_100000_awaits_is_destroyed_in_constant_stack) {
    on_a_small_stack([] {
        auto t = chain(depth, bottom::suspends);
        EXPECT_EQ(t.step(), std::nullopt);
    });
}

TEST(execution, a_chain_of_100000_awaits_is_unwound_by_an_exception_in_constant_stack) {
    on_a_small_stack([] {
        auto t = chain(depth, bottom::throws);
        EXPECT_THROW((void)t.step(), std::runtime_error);
    });
}

TEST(execution, a_chain_of_100000_awaits_runs_and_is_cancelled_under_a_loop_in_constant_stack) {
    on_a_small_stack([] {
        const auto main = []() -> weft::task<> {
            EXPECT_EQ(co_await chain(depth, bottom::suspends), depth);
            auto endless = []() -> weft::task<> { co_await weft::sleep(std::chrono::hours::max()); };
            struct deeper {
                static weft::task<> down(int n, weft::task<> last) {
                    if (n == 0) co_return co_await std::move(last);
                    co_await down(n - 1, std::move(last));
                }
            };
            const auto h = weft::create_task(deeper::down(depth, endless()));
            co_await weft::yield_now();
            EXPECT_EQ(h.stack().size(), depth + 2u);
            h.cancel();
        };
        weft::testing::run(main());
    });
}

TEST(execution, a_million_awaits_that_complete_at_once_leave_the_stack_as_it_was) {
    on_a_small_stack([] {
        auto t = []() -> weft::task<int> {
            int sum = 0;
            for (int i = 0; i < 1'000'000; ++i) sum += co_await chain(1, bottom::returns);
            co_return sum;
        }();
        EXPECT_EQ(t.step(), 1'000'000);
    });
}

}  // namespace
