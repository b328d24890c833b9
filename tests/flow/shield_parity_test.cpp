// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/shield.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// What CPython's test_tasks asserts of shield; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::future;
using weft::shield;

/// Lets everything that is ready run.
auto settle() { return weft::sleep(1ms); }

// test_shield_result, test_shield_shortcut
TEST(shield_parity, hands_the_result_on_now_or_later) {
    run_in_every_order([]() -> task<> {
        const future<int> inner;
        const auto before = shield(inner);
        inner.set_result(42);
        const auto after = shield(inner);
        EXPECT_EQ(co_await before, 42);
        EXPECT_EQ(co_await after, 42);
    });
}

// test_shield_exception
TEST(shield_parity, hands_the_error_on) {
    run_in_every_order([]() -> task<> {
        const future<int> inner;
        const auto outer = shield(inner);
        co_await settle();
        const auto error = std::make_exception_ptr(crash());
        inner.set_exception(error);
        co_await settle();
        EXPECT_EQ(outer.exception(), error);
    });
}

// test_shield_cancel_inner
TEST(shield_parity, hands_the_cancellation_of_the_inner_future_on) {
    run_in_every_order([]() -> task<> {
        const future<int> inner;
        const auto outer = shield(inner);
        co_await settle();
        inner.cancel();
        co_await settle();
        EXPECT_TRUE(outer.cancelled());
    });
}

// test_shield_cancel_outer
TEST(shield_parity, cancelling_the_outer_future_leaves_the_inner_one_alone) {
    run_in_every_order([]() -> task<> {
        const future<int> inner;
        const auto outer = shield(inner);
        co_await settle();
        outer.cancel();
        co_await settle();
        EXPECT_TRUE(outer.cancelled());
        EXPECT_FALSE(inner.done());
        inner.set_result(42);
        co_await settle();
        EXPECT_EQ(inner.result(), 42);
    });
}

// test_shield_effect
TEST(shield_parity, cancelling_who_waits_leaves_the_task_inside_running) {
    run_in_every_order([]() -> task<> {
        int proof = 0;
        const future<> waited_for;
        const auto inner = [&]() -> task<> {
            co_await waited_for;
            proof += 1;
        };
        const auto outer = [&]() -> task<> {
            co_await shield(inner());
            proof += 100;
        };
        const auto h = weft::create_task(outer());
        co_await settle();
        h.cancel();
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        waited_for.set_result();
        co_await settle();
        EXPECT_EQ(proof, 1);
    });
}

// test_shield_gather
TEST(shield_parity, a_gather_inside_runs_on) {
    run_in_every_order([]() -> task<> {
        const future<int> a, b;
        const auto parent = weft::create_task(weft::gather(a, b));
        const auto outer = shield(parent);
        co_await settle();
        outer.cancel();
        co_await settle();
        EXPECT_TRUE(outer.cancelled());
        a.set_result(1);
        b.set_result(2);
        co_await settle();
        EXPECT_EQ(parent.result(), std::tuple(1, 2));
    });
}

// test_gather_shield
TEST(shield_parity, a_gather_of_shields_that_is_cancelled_cancels_the_shields_alone) {
    run_in_every_order([]() -> task<> {
        const future<int> a, b;
        const auto shield_a = shield(a);
        const auto shield_b = shield(b);
        const auto parent = weft::create_task(weft::gather(shield_a, shield_b));
        co_await settle();
        parent.cancel();
        co_await settle();
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(parent));
        EXPECT_TRUE(shield_a.cancelled());
        EXPECT_TRUE(shield_b.cancelled());
        EXPECT_FALSE(a.done());
        a.set_result(1);
        b.set_result(2);
        co_await settle();
    });
}

// test_shield_coroutine_without_loop
TEST(shield_parity, a_coroutine_wants_a_running_loop) {
    EXPECT_THROW((void)shield(number_after(1s, 1)), weft::no_running_loop_error);
}

// test_shield_coroutine_use_running_loop
TEST(shield_parity, it_belongs_to_the_loop_that_runs) {
    run_in_every_order([]() -> task<> {
        const auto outer = shield(number_after(1s, 42));
        EXPECT_EQ(&outer.get_loop(), &weft::get_running_loop());
        EXPECT_EQ(co_await outer, 42);
    });
}

}  // namespace
