// SPDX-License-Identifier: Apache-2.0
#include "async_generator_readers.hpp"
#include "coro/live_object.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;

// Async generators in the tasks of a loop. How the loop closes them at its end: event_loop_async_generators_shutdown_test.

namespace {

using weft::async_generator;
using weft::create_task;
using weft::generator_state;
using weft::task;

constexpr const char* destroyed = "the async generator was destroyed while it was awaited";

async_generator<int> counts(weft::clock::duration pause = 1s) {
    for (int i = 0;; ++i) {
        co_await weft::sleep(pause);
        co_yield i;
    }
}
/// Holds one object, and makes another one for each element.
async_generator<live_object> objects() {
    const live_object local(100);
    for (int i = 0;; ++i) {
        co_await weft::sleep(1s);
        co_yield live_object(i);
    }
}

TEST(event_loop_async_generators, each_operation_may_be_a_task_of_its_own) {
    const auto main = []() -> task<> {
        const auto body = []() -> async_generator<int, int> {
            int sent = co_yield 0;
            try {
                for (;;) sent = co_yield sent;
            } catch (const std::runtime_error&) {
            }
            co_await weft::sleep(1s);
            co_yield -1;
        };
        auto g = body();
        EXPECT_EQ(co_await create_task(g.next()), 0);
        EXPECT_EQ(co_await create_task(g.send(5)), 5);
        EXPECT_EQ(co_await create_task(g.raise(std::runtime_error("enough"))), -1);
        co_await create_task(g.close());
        EXPECT_TRUE(g.done());
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators, between_elements_it_is_nobodys_and_another_task_may_go_on_with_it) {
    const auto main = []() -> task<> {
        auto g = counts();
        const auto reads = [&](int& element) -> task<> { element = (co_await g.next()).value_or(-1); };
        int elements[3] = {};
        for (int& element : elements) co_await create_task(reads(element));
        EXPECT_EQ(elements[0] * 100 + elements[1] * 10 + elements[2], 12);
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators, while_it_waits_it_stands_in_the_stack_of_who_awaits_it) {
    const auto main = []() -> task<> {
        auto g = counts();
        const auto reader = create_task(asks_and_sleeps(g));
        co_await weft::yield_now();
        EXPECT_EQ(g.state(), generator_state::running);
        const auto stack = reader.stack();
        EXPECT_EQ(stack.size(), 2u);
        EXPECT_EQ(stack.back().function, "counts");
        EXPECT_EQ(stack.back().line, g.where().line());
        EXPECT_EQ(co_await reader, "0, slept, 0");
        EXPECT_EQ(weft::frames(g).size(), 1u);
    };
    weft::testing::run(main());
}

// Cancelled while waiting

TEST(event_loop_async_generators, cancelled_while_waiting_the_body_ends_where_it_waits) {
    live_object::reset();
    const auto main = []() -> task<> {
        auto g = objects();
        const auto reader = create_task(g.next());
        co_await weft::yield_now();
        EXPECT_EQ(live_object::count, 1);
        reader.cancel();
        EXPECT_EQ(co_await outcome(reader), "cancelled");
        EXPECT_EQ(live_object::count, 0);
        EXPECT_TRUE(g.done());
        EXPECT_FALSE(co_await g.next());
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators, cancelled_before_the_task_begins_the_body_is_not_touched) {
    const auto main = []() -> task<> {
        auto g = counts();
        const auto reader = create_task(g.next());
        reader.cancel();
        EXPECT_EQ(co_await outcome(reader), "cancelled");
        EXPECT_EQ(g.state(), generator_state::created);
        EXPECT_EQ(co_await g.next(), 0);
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators, cancelled_while_it_is_closed_the_clean_up_is_cancelled) {
    const auto main = []() -> task<> {
        const auto body = []() -> async_generator<int> {
            try {
                co_yield 1;
            } catch (const weft::generator_exit&) {
            }
            co_await weft::sleep(1h);
        };
        auto g = body();
        co_await g.next();
        const auto begun = now();
        const auto closer = create_task(g.close());
        co_await weft::sleep(1s);
        closer.cancel();
        EXPECT_EQ(co_await outcome(closer), "cancelled");
        EXPECT_EQ(now() - begun, 1s);
        EXPECT_TRUE(g.done());
    };
    weft::testing::run(main());
}

// Destroyed while waiting

TEST(event_loop_async_generators, destroyed_while_waiting_the_operation_ends_with_an_error_and_all_is_gone) {
    live_object::reset();
    const auto main = [](weft::clock::duration after) -> task<> {
        auto g = objects();
        const auto reader = create_task(g.next());
        co_await weft::sleep(after);
        g = {};
        EXPECT_EQ(live_object::count, 0);
        EXPECT_EQ(co_await outcome(reader), destroyed);
        co_await weft::sleep(1h);
    };
    weft::testing::run(main(0s));
    weft::testing::run(main(500ms));
    EXPECT_EQ(live_object::count, 0);
}

TEST(event_loop_async_generators, destroyed_while_the_awaiting_task_is_ready_already) {
    live_object::reset();
    const auto main = []() -> task<> {
        const auto body = []() -> async_generator<live_object> {
            const live_object local(1);
            for (;;) co_await weft::yield_now();
            co_yield live_object(2);
        };
        auto g = body();
        const auto reader = create_task(g.next());
        co_await weft::yield_now();
        g = {};
        EXPECT_EQ(live_object::count, 0);
        EXPECT_EQ(co_await outcome(reader), destroyed);
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators, destroyed_when_its_element_is_on_the_way_nothing_is_left) {
    live_object::reset();
    const auto main = []() -> task<> {
        auto g = std::make_unique<async_generator<live_object>>(objects());
        const auto reads = [&]() -> task<int> {
            const auto element = co_await g->next();
            g.reset();
            co_return element->value;
        };
        EXPECT_EQ(co_await create_task(reads()), 0);
    };
    weft::testing::run(main());
    EXPECT_EQ(live_object::count, 0);
}

TEST(event_loop_async_generators, destroyed_between_two_turns_of_the_loop) {
    const auto loop = weft::testing::make_virtual_loop();
    auto inner = counts(1h);
    const auto body = [&]() -> async_generator<int> {
        co_await inner.next();
        co_yield 1;
    };
    auto outer = body();
    const auto reader = weft::create_task_on(*loop, weft::to_task(outer.next()));
    loop->run_once();
    EXPECT_EQ(outer.state(), generator_state::running);
    inner = {};
    outer = {};
    EXPECT_EQ(loop->run_until_complete(outcome(reader)), destroyed);
}

TEST(event_loop_async_generators, destroyed_before_the_task_of_its_operation_begins) {
    const auto main = []() -> task<> {
        auto g = counts();
        const auto next = create_task(g.next()), raising = create_task(g.raise(std::runtime_error("unheard")));
        const auto close = create_task(g.close());
        g = {};
        EXPECT_EQ(co_await outcome(next), destroyed);
        EXPECT_EQ(co_await outcome(raising), destroyed);
        EXPECT_EQ(co_await outcome(close), "finished");
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators, the_awaiting_task_destroyed_with_its_loop_the_generator_lives_on) {
    live_object::reset();
    {
        auto g = objects();
        auto loop = weft::testing::make_virtual_loop();
        loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto reader = weft::create_task_on(*loop, weft::to_task(g.next()));
        loop->run_once();
        EXPECT_EQ(live_object::count, 1);
        loop.reset();
    }
    EXPECT_EQ(live_object::count, 0);
}

// Misuse

TEST(event_loop_async_generators, a_second_operation_is_refused_by_name_and_the_one_in_flight_unharmed) {
    const auto main = []() -> task<> {
        const auto body = []() -> async_generator<int, int> {
            co_await weft::sleep(1s);
            co_yield co_yield 1;
        };
        auto g = body();
        const auto first = create_task(g.next());
        co_await weft::yield_now();
        EXPECT_EQ(co_await outcome(create_task(g.next())), "next(): asynchronous generator is already running");
        EXPECT_EQ(co_await outcome(create_task(g.send(1))), "send(): asynchronous generator is already running");
        EXPECT_EQ(co_await outcome(create_task(g.raise(std::runtime_error("")))),
                  "raise(): asynchronous generator is already running");
        EXPECT_EQ(co_await first, 1);
        EXPECT_EQ(co_await g.send(2), 2);
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators, the_body_may_not_ask_itself) {
    const auto main = []() -> task<> {
        async_generator<int>* me = nullptr;
        const auto body = [&]() -> async_generator<int> {
            EXPECT_THROW(co_await me->next(), weft::generator_already_running);
            EXPECT_EQ(co_await outcome(create_task(me->next())), "next(): asynchronous generator is already running");
            co_yield 1;
        };
        auto g = body();
        me = &g;
        EXPECT_EQ(co_await g.next(), 1);
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators, an_operation_in_flight_is_not_awaited_by_another_task_too) {
    const auto main = []() -> task<> {
        auto g = counts();
        auto next = g.next();
        const auto awaits_it = [&]() -> task<int> { co_return (co_await next).value(); };
        const auto first = create_task(awaits_it()), second = create_task(awaits_it());
        EXPECT_EQ(co_await outcome(second), "cannot reuse already awaited operation of an async generator");
        EXPECT_EQ(co_await first, 0);
    };
    weft::testing::run(main());
}

// Moved while an operation is in flight

TEST(event_loop_async_generators, moved_while_an_operation_is_in_flight_it_goes_on_for_its_new_owner) {
    const auto main = []() -> task<> {
        auto g = counts();
        const auto first = create_task(g.next());
        co_await weft::yield_now();
        auto moved = std::move(g);
        EXPECT_EQ(moved.state(), generator_state::running);
        EXPECT_EQ(co_await first, 0);
        const auto kept = create_task(moved.next());
        async_generator<int> again;
        again = std::move(moved);
        EXPECT_EQ(co_await kept, 1);
        const auto last = create_task(again.next());
        co_await weft::yield_now();
        moved = std::move(again);
        moved = {};
        EXPECT_EQ(co_await outcome(last), destroyed);
    };
    weft::testing::run(main());
}

TEST(event_loop_async_generators, another_moved_into_one_whose_operation_is_in_flight_destroys_that) {
    const auto main = []() -> task<> {
        auto g = counts(1h);
        const auto reader = create_task(g.next());
        co_await weft::yield_now();
        g = counts();
        EXPECT_EQ(co_await outcome(reader), destroyed);
        EXPECT_EQ(co_await g.next(), 0);
    };
    weft::testing::run(main());
}

}  // namespace
