// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/wait.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <ranges>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using testing::ElementsAre;

// What CPython's test_tasks asserts of wait; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::any_task;
using weft::create_task;
using weft::wait;

task<> sleeps(weft::clock::duration d) { co_await weft::sleep(d); }

// test_wait
TEST(wait_parity, waits_for_all_and_the_second_time_not_at_all) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        const auto a = create_task(sleeps(100ms));
        const auto b = create_task(sleeps(150ms));
        for (int i = 0; i < 2; ++i) {
            const auto [done, pending] = co_await wait({b, a});
            EXPECT_EQ(done.size(), 2u);
            EXPECT_TRUE(pending.empty());
            EXPECT_EQ(now() - began, 150ms);
        }
    });
}

// test_wait_duplicate_coroutines
TEST(wait_parity, a_handle_that_is_given_twice_is_waited_for) {
    run_in_every_order([]() -> task<> {
        const auto says = [](std::string s) -> task<std::string> { co_return s; };
        const auto c = create_task(says("test"));
        const auto waits = create_task(wait({c, c, create_task(says("spam"))}));
        const auto [done, pending] = co_await waits;
        EXPECT_TRUE(pending.empty());
        std::set<std::string> results;
        for (const auto& h : done) results.insert(h.result());
        EXPECT_THAT(results, ElementsAre("spam", "test"));
    });
}

// test_wait_errors, test_wait_invalid_args
TEST(wait_parity, of_nothing_is_refused) {
    run_in_every_order([]() -> task<> {
        EXPECT_TRUE(co_await ends_with<std::invalid_argument>(wait(std::vector<weft::task_handle<>>())));
    });
}

template <class T>
concept can_be_waited_for = requires(T t) { wait(std::move(t)); };

// test_wait_invalid_args
TEST(wait_parity, a_future_or_a_coroutine_in_place_of_several_is_refused_by_the_compiler) {
    EXPECT_TRUE(can_be_waited_for<std::vector<weft::future<>>>);
    EXPECT_FALSE(can_be_waited_for<weft::future<>>);
    EXPECT_FALSE(can_be_waited_for<task<>>);
    EXPECT_FALSE(can_be_waited_for<std::vector<task<>>>);
}

// test_wait_first_completed
TEST(wait_parity, for_the_first_leaves_the_others_running) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        const auto a = create_task(sleeps(10s));
        const auto b = create_task(sleeps(100ms));
        const auto waits = create_task(wait({b, a}, {.return_when = weft::first_completed}));
        const auto [done, pending] = co_await waits;
        EXPECT_THAT(done, ElementsAre(any_task(b)));
        EXPECT_THAT(pending, ElementsAre(any_task(a)));
        EXPECT_FALSE(a.done());
        EXPECT_TRUE(b.done());
        EXPECT_EQ(now() - began, 100ms);
        co_await wait({a, b});
        EXPECT_EQ(now() - began, 10s);
    });
}

// test_wait_really_done: in first-come order, in which b is done a turn after a, before the wait is over
TEST(wait_parity, what_is_done_when_it_is_over_is_among_the_done) {
    weft::testing::run([]() -> task<> {
        const auto once = []() -> task<> { co_await weft::yield_now(); };
        const auto twice = []() -> task<> {
            co_await weft::yield_now();
            co_await weft::yield_now();
        };
        const auto a = create_task(once());
        const auto b = create_task(twice());
        const auto waits = create_task(wait({b, a}, {.return_when = weft::first_completed}));
        const auto [done, pending] = co_await waits;
        EXPECT_THAT(done, ElementsAre(any_task(b), any_task(a)));
        EXPECT_TRUE(pending.empty());
    }());
}

// test_wait_first_exception, test_wait_first_exception_in_wait
TEST(wait_parity, for_the_first_failure_is_over_when_one_fails) {
    for (const weft::clock::duration d : {0ms, 10ms}) {
        run_in_every_order([=]() -> task<> {
            const auto began = now();
            const auto a = create_task(sleeps(10s));
            const auto b = create_task(crashes_after(d));
            const auto [done, pending] = co_await wait({b, a}, {.return_when = weft::first_exception});
            EXPECT_THAT(done, ElementsAre(any_task(b)));
            EXPECT_THAT(pending, ElementsAre(any_task(a)));
            EXPECT_EQ(now() - began, d);
            EXPECT_NE(b.exception(), nullptr);
            co_await wait({a, b});
        });
    }
}

// test_wait_with_exception
TEST(wait_parity, for_all_an_error_stays_with_its_task) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        const auto a = create_task(sleeps(100ms));
        const auto b = create_task(crashes_after(150ms));
        for (int i = 0; i < 2; ++i) {
            const auto [done, pending] = co_await wait({b, a});
            EXPECT_EQ(done.size(), 2u);
            EXPECT_TRUE(pending.empty());
            EXPECT_EQ(std::ranges::count_if(done, [](const auto& h) { return h.exception() != nullptr; }), 1);
            EXPECT_EQ(now() - began, 150ms);
        }
    });
}

// test_wait_with_timeout
TEST(wait_parity, a_timeout_ends_the_wait_and_no_task) {
    run_in_every_order([]() -> task<> {
        const auto began = now();
        const auto a = create_task(sleeps(100ms));
        const auto b = create_task(sleeps(150ms));
        const auto [done, pending] = co_await wait({b, a}, {.timeout = 110ms});
        EXPECT_THAT(done, ElementsAre(any_task(a)));
        EXPECT_THAT(pending, ElementsAre(any_task(b)));
        EXPECT_EQ(now() - began, 110ms);
        co_await wait({a, b});
        EXPECT_FALSE(b.cancelled());
    });
}

// test_wait_concurrent_complete: in first-come order; the timer of the task is the earlier one
TEST(wait_parity, a_task_that_ends_at_the_instant_of_the_timeout_is_done) {
    weft::testing::run([]() -> task<> {
        const auto began = now();
        const auto a = create_task(sleeps(100ms));
        const auto b = create_task(sleeps(150ms));
        const auto waits = create_task(wait({b, a}, {.timeout = 100ms}));
        const auto [done, pending] = co_await waits;
        EXPECT_THAT(done, ElementsAre(any_task(a)));
        EXPECT_THAT(pending, ElementsAre(any_task(b)));
        EXPECT_EQ(now() - began, 100ms);
        co_await wait({a, b});
    }());
}

// test_wait_with_iterator_of_tasks, test_wait_generator
TEST(wait_parity, takes_any_range_of_handles) {
    run_in_every_order([]() -> task<> {
        const std::list<weft::task_handle<>> two{create_task(sleeps(100ms)), create_task(sleeps(150ms))};
        EXPECT_EQ((co_await wait(two)).done.size(), 2u);
        auto made_as_asked_for =
            std::views::iota(0, 10) | std::views::transform([](int i) { return create_task(number_after(0s, i)); });
        const auto [done, pending] = co_await wait(made_as_asked_for, {.return_when = weft::all_completed});
        EXPECT_EQ(done.size(), 10u);
        EXPECT_TRUE(pending.empty());
    });
}

// test_yield_wait_does_not_shield_cancel
TEST(wait_parity, cancelled_it_leaves_what_it_waits_for_running) {
    run_in_every_order([]() -> task<> {
        int proof = 0;
        const weft::future<> waited_for;
        const auto inner = [&]() -> task<> {
            co_await waited_for;
            proof += 1;
        };
        const auto outer = [&]() -> task<> {
            co_await wait({create_task(inner())});
            proof += 100;
        };
        const auto h = create_task(outer());
        co_await weft::sleep(1ms);
        h.cancel();
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        waited_for.set_result();
        co_await weft::sleep(1ms);
        EXPECT_EQ(proof, 1);
    });
}

}  // namespace
