// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/flow/move_on_after.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/with.hpp>
#include <weft/loop/any_task.hpp>
#include <weft/loop/cancel_scope.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;

namespace {

using weft::cancel_scope;
using weft::cancelled_error;
using weft::move_on_after;
using weft::sleep;
using weft::task;
using weft::with;

std::chrono::nanoseconds now() { return weft::get_running_loop().time().time_since_epoch(); }

/// What an await does: "slept", or "cancelled".
task<std::string> try_to_sleep(weft::clock::duration d) {
    try {
        co_await sleep(d);
    } catch (const cancelled_error&) {
        co_return "cancelled";
    }
    co_return "slept";
}

TEST(cancel_scope, leaves_a_block_that_ends_in_time_alone) {
    const auto main = []() -> task<> {
        const bool finished = co_await move_on_after(2s, []() -> task<> { co_await sleep(1s); });
        EXPECT_TRUE(finished);
        EXPECT_EQ(co_await try_to_sleep(5s), "slept");
    };
    weft::testing::run(main());
}

TEST(cancel_scope, cancels_every_await_until_the_block_is_left) {
    const auto main = []() -> task<> {
        const auto began = now();
        const bool finished = co_await move_on_after(1s, []() -> task<> {
            EXPECT_EQ(co_await try_to_sleep(1h), "cancelled");
            EXPECT_EQ(co_await try_to_sleep(1h), "cancelled");
            EXPECT_EQ(co_await try_to_sleep(1h), "cancelled");
            co_await sleep(1h);
            ADD_FAILURE();
        });
        EXPECT_FALSE(finished);
        EXPECT_EQ(now() - began, 1s);
        EXPECT_EQ(co_await try_to_sleep(1s), "slept") << "outside nothing is cancelled";
    };
    weft::testing::run(main());
}

TEST(cancel_scope, a_body_that_swallows_and_returns_has_finished) {
    const auto main = []() -> task<> {
        const bool finished =
            co_await move_on_after(1s, []() -> task<> { EXPECT_EQ(co_await try_to_sleep(1h), "cancelled"); });
        EXPECT_TRUE(finished);
    };
    weft::testing::run(main());
}

TEST(cancel_scope, cancelled_by_hand_or_before_it_is_entered) {
    const auto main = []() -> task<> {
        cancel_scope scope;
        scope.cancel();
        co_await with(scope, []() -> task<> {
            co_await sleep(1h);
            ADD_FAILURE();
        });
        EXPECT_TRUE(scope.cancel_called());
        EXPECT_TRUE(scope.cancelled_caught());

        cancel_scope other;
        weft::get_running_loop().call_later(3s, [&] { other.cancel(); });
        const auto began = now();
        co_await with(other, [](cancel_scope& s) -> task<> {
            EXPECT_FALSE(s.cancel_called());
            co_await sleep(1h);
        });
        EXPECT_EQ(now() - began, 3s);
    };
    weft::testing::run(main());
}

TEST(cancel_scope, a_deadline_that_has_passed_cancels_the_first_await) {
    const auto main = []() -> task<> {
        bool came_to_the_await = false;
        EXPECT_FALSE(co_await move_on_after(-1s, [&]() -> task<> {
            came_to_the_await = true;
            co_await weft::yield_now();
        }));
        EXPECT_TRUE(came_to_the_await);
    };
    weft::testing::run(main());
}

TEST(cancel_scope, the_deadline_may_be_moved_and_taken_away) {
    const auto main = []() -> task<> {
        const auto began = now();
        EXPECT_FALSE(co_await move_on_after(1s, [](cancel_scope& s) -> task<> {
            s.deadline(*s.deadline() + 4s);
            co_await sleep(1h);
        }));
        EXPECT_EQ(now() - began, 5s);
        EXPECT_TRUE(co_await move_on_after(1s, [](cancel_scope& s) -> task<> {
            s.deadline(std::nullopt);
            co_await sleep(1h);
        }));
    };
    weft::testing::run(main());
}

TEST(cancel_scope, the_innermost_one_that_has_expired_takes_the_blame) {
    const auto main = []() -> task<> {
        bool inner_finished = true;
        const bool outer_finished = co_await move_on_after(1s, [&]() -> task<> {
            inner_finished = co_await move_on_after(1s, []() -> task<> { co_await sleep(1h); });
            // The inner one has swallowed its own; the outer one insists on its own.
            EXPECT_EQ(co_await try_to_sleep(1h), "cancelled");
            co_await sleep(1h);
        });
        EXPECT_FALSE(inner_finished);
        EXPECT_FALSE(outer_finished);
    };
    weft::testing::run(main());
}

TEST(cancel_scope, an_outer_one_passes_through_an_inner_one_that_has_not_expired) {
    const auto main = []() -> task<> {
        cancel_scope inner;
        EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
            co_await with(inner, []() -> task<> { co_await sleep(1h); });
            ADD_FAILURE();
        }));
        EXPECT_FALSE(inner.cancelled_caught());
    };
    weft::testing::run(main());
}

TEST(cancel_scope, a_shielded_one_holds_off_those_around_it_but_not_its_own) {
    const auto main = []() -> task<> {
        const auto began = now();
        EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
            co_await with(cancel_scope().shielded(true),
                          []() -> task<> { EXPECT_EQ(co_await try_to_sleep(5s), "slept"); });
            EXPECT_EQ(now() - began, 5s);
            bool inner = co_await move_on_after(1s, [](cancel_scope& s) -> task<> {
                s.shielded(true);
                co_await sleep(1h);
            });
            EXPECT_FALSE(inner);
            co_await sleep(1h);
        }));
        EXPECT_EQ(now() - began, 6s);
    };
    weft::testing::run(main());
}

TEST(cancel_scope, lifting_a_shield_lets_a_cancellation_in_at_once) {
    const auto main = []() -> task<> {
        const auto began = now();
        EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
            cancel_scope shield;
            shield.shielded(true);
            weft::get_running_loop().call_later(3s, [&] { shield.shielded(false); });
            co_await with(shield, []() -> task<> { co_await sleep(1h); });
        }));
        EXPECT_EQ(now() - began, 3s);
    };
    weft::testing::run(main());
}

TEST(cancel_scope, an_error_passes_through_a_cancelled_one) {
    const auto main = []() -> task<> {
        const auto fails = []() -> task<> {
            EXPECT_EQ(co_await try_to_sleep(1h), "cancelled");
            throw std::runtime_error("on the way out");
        };
        EXPECT_THROW(co_await move_on_after(1s, fails), std::runtime_error);
    };
    weft::testing::run(main());
}

// With asyncio's requests

TEST(cancel_scope, a_request_to_cancel_the_task_passes_through) {
    const auto main = []() -> task<> {
        const auto body = []() -> task<> {
            co_await move_on_after(10s, []() -> task<> { co_await sleep(1h); });
            ADD_FAILURE();
        };
        const auto h = weft::create_task(body());
        co_await sleep(1s);
        h.cancel();
        EXPECT_EQ(co_await try_to_sleep(1s), "slept");
        EXPECT_TRUE(h.cancelled());
    };
    weft::testing::run(main());
}

TEST(cancel_scope, a_request_that_comes_together_with_its_deadline_passes_through) {
    const auto main = []() -> task<> {
        const auto body = []() -> task<> {
            co_await move_on_after(1s, []() -> task<> { co_await sleep(1h); });
            ADD_FAILURE();
        };
        std::optional<weft::task_handle<>> h;
        weft::get_running_loop().call_later(1s, [&] { h->cancel(); });  // before the deadline, at the same time
        h = weft::create_task(body(), {.eager_start = true});
        co_await sleep(2s);
        EXPECT_TRUE(h->cancelled());
    };
    weft::testing::run(main());
}

TEST(cancel_scope, a_request_that_was_pending_when_it_was_entered_passes_through) {
    const auto main = []() -> task<> {
        const auto body = []() -> task<> {
            weft::current_task().cancel();  // raised at the next await, when this scope is cancelled, too
            co_await move_on_after(0s, []() -> task<> { co_await sleep(1h); });
            ADD_FAILURE();
        };
        const auto h = weft::create_task(body());
        EXPECT_EQ(co_await try_to_sleep(1s), "slept");
        EXPECT_TRUE(h.cancelled());
    };
    weft::testing::run(main());
}

TEST(cancel_scope, passes_its_cancellation_to_an_awaited_task_once) {
    const auto main = []() -> task<> {
        int cancelled = 0;
        const auto stubborn = [](int& count) -> task<int> {
            try {
                co_await sleep(1h);
            } catch (const cancelled_error&) {
                ++count;
            }
            co_await sleep(5s);
            co_return 7;
        };
        const auto h = weft::create_task(stubborn(cancelled));
        const auto began = now();
        int got = 0;
        EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
            got = co_await h;  // its own end is waited for, as asyncio does
        }));
        EXPECT_EQ(got, 0);
        EXPECT_EQ(h.result(), 7);
        EXPECT_EQ(cancelled, 1);
        EXPECT_EQ(now() - began, 6s);
    };
    weft::testing::run(main());
}

// Cleanup

struct slow_to_leave {
    weft::clock::duration leaving;
    std::string& log;
    task<> enter() { co_return; }
    task<> exit(std::exception_ptr error) {
        log += error ? "leaving for an error, " : "leaving, ";
        log += co_await try_to_sleep(leaving) + ", ";
        co_await sleep(0s);
        log += "left";
    }
};

TEST(cancel_scope, the_exit_of_a_context_is_spared) {
    const auto main = []() -> task<> {
        std::string log;
        const auto began = now();
        EXPECT_FALSE(co_await move_on_after(
            1s, [&]() -> task<> { co_await with(slow_to_leave{3s, log}, []() -> task<> { co_await sleep(1h); }); }));
        EXPECT_EQ(log, "leaving for an error, slept, left");
        EXPECT_EQ(now() - began, 4s);

        log.clear();
        EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
            co_await with(slow_to_leave{3s, log}, []() -> task<> { co_return; });
            co_await sleep(1h);
        })) << "one that expires during an exit takes effect after it";
        EXPECT_EQ(log, "leaving, slept, left");
    };
    weft::testing::run(main());
}

TEST(cancel_scope, a_cleanup_deadline_bounds_it) {
    const auto main = []() -> task<> {
        std::string log;
        const auto began = now();
        EXPECT_FALSE(co_await move_on_after(1s, [&](cancel_scope& s) -> task<> {
            s.cleanup_deadline(2s);
            co_await with(slow_to_leave{1h, log}, []() -> task<> { co_await sleep(1h); });
        }));
        EXPECT_EQ(log, "leaving for an error, cancelled, ");
        EXPECT_EQ(now() - began, 3s);
    };
    weft::testing::run(main());
}

// Destroyed, and misused

TEST(cancel_scope, destroyed_while_its_body_waits) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    std::string log;
    const auto body = [](std::string& l) -> task<> {
        co_await move_on_after(
            1h, [&]() -> task<> { co_await with(slow_to_leave{1s, l}, []() -> task<> { co_await sleep(1h); }); });
    };
    const auto h = weft::create_task_on(*loop, body(log));
    loop->call_soon([&] { loop->call_soon([&] { loop->stop(); }); });
    loop->run_forever();
    loop->close();
    EXPECT_FALSE(h.done());
    EXPECT_EQ(log, "");
}

TEST(cancel_scope, is_entered_once_and_needs_a_loop) {
    const auto main = []() -> task<> {
        cancel_scope s;
        const auto nothing = []() -> task<> { co_return; };
        const auto again = [&]() -> task<> { co_await with(s, nothing); };
        EXPECT_THROW(co_await with(s, again), weft::invalid_state_error);
    };
    weft::testing::run(main());
    auto by_hand = []() -> task<> { co_await move_on_after(1s, []() -> task<> { co_return; }); }();
    EXPECT_THROW(by_hand.step(), weft::no_running_loop_error);
}

TEST(cancel_scope, one_that_outlives_its_block_is_not_told_of_by_a_loop_that_closes) {
    cancel_scope outside;
    {
        const auto loop = weft::testing::make_virtual_loop();
        loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        const auto h = weft::create_task_on(*loop, [](cancel_scope& s) -> task<> {
            s.deadline(weft::get_running_loop().time() + 1h);
            co_await with(s, []() -> task<> { co_await sleep(2h); });
        }(outside));
        loop->run_once(loop->time() + 1s);
        loop->close();
    }
    outside.cancel();
    EXPECT_TRUE(outside.cancel_called());
    EXPECT_FALSE(outside.cancelled_caught());
}

}  // namespace
