// SPDX-License-Identifier: Apache-2.0
// The two ways to cancel, asyncio's requests and the scopes, one inside the other.
#include <weft/base/errors.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/flow/move_on_after.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/task_group.hpp>
#include <weft/flow/timeout.hpp>
#include <weft/flow/wait.hpp>
#include <weft/flow/with.hpp>
#include <weft/loop/any_task.hpp>
#include <weft/loop/cancel_scope.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

using weft::cancel_scope;
using weft::cancelled_error;
using weft::move_on_after;
using weft::sleep;
using weft::task;
using weft::task_group;
using weft::timeout;
using weft::with;

weft::clock::duration now() { return weft::get_running_loop().time().time_since_epoch(); }

/// Sleeps; notes that it was cancelled, and takes a second to clean up.
task<> cleans_up(std::string& log) {
    try {
        co_await sleep(1h);
    } catch (const cancelled_error&) {
        log += "cancelled ";
    }
    co_await sleep(1s);
    log += "clean ";
}

TEST(move_on_after_interplay, a_scope_around_a_group_cancels_its_tasks_once_and_the_group_waits_for_them) {
    const auto main = []() -> task<> {
        std::string log;
        const auto began = now();
        EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
            co_await with(task_group(), [&](task_group& g) -> task<> {
                g.create_task(cleans_up(log));
                g.create_task(cleans_up(log));
                co_return;
            });
        }));
        EXPECT_EQ(log, "cancelled cancelled clean clean ");
        EXPECT_EQ(now() - began, 2s);
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, what_a_groups_tasks_fail_with_passes_the_scope_that_cancelled_them) {
    const auto main = []() -> task<> {
        bool threw = false;
        try {
            (void)co_await move_on_after(1s, []() -> task<> {
                co_await with(task_group(), [](task_group& g) -> task<> {
                    g.create_task([]() -> task<> {
                        try {
                            co_await sleep(1h);
                        } catch (const cancelled_error&) {
                            throw std::runtime_error("cannot clean up");
                        }
                    });
                    co_return;
                });
            });
        } catch (const weft::exception_group& e) {
            threw = e.matches<std::runtime_error>();
        }
        EXPECT_TRUE(threw);
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, a_group_inside_a_group_ends_with_its_scope_and_the_outer_one_goes_on) {
    const auto main = []() -> task<> {
        std::string log;
        co_await with(task_group(), [&](task_group& outer) -> task<> {
            outer.create_task([&log]() -> task<> {
                co_await sleep(5s);
                log += "outer";
            });
            EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
                co_await with(task_group(), [&](task_group& inner) -> task<> {
                    inner.create_task(cleans_up(log));
                    co_await sleep(1h);
                });
            }));
            log += "| ";
        });
        EXPECT_EQ(log, "cancelled clean | outer");
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, a_timeout_inside_an_expired_scope_does_not_take_the_blame) {
    const auto main = []() -> task<> {
        bool timed_out = false;
        EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
            try {
                co_await with(timeout(2s), []() -> task<> { co_await sleep(1h); });
            } catch (const weft::timeout_error&) {
                timed_out = true;
            }
        }));
        EXPECT_FALSE(timed_out);
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, a_timeout_inside_a_scope_that_has_not_expired_is_an_error) {
    const auto main = []() -> task<> {
        bool timed_out = false;
        EXPECT_TRUE(co_await move_on_after(3s, [&]() -> task<> {
            try {
                co_await with(timeout(1s), []() -> task<> { co_await sleep(1h); });
            } catch (const weft::timeout_error&) {
                timed_out = true;
            }
            co_await sleep(1s);
        }));
        EXPECT_TRUE(timed_out);
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, a_timeout_around_a_scope_passes_through_it) {
    const auto main = []() -> task<> {
        bool timed_out = false, scope_left = false;
        try {
            co_await with(timeout(1s), [&]() -> task<> {
                (void)co_await move_on_after(1h, []() -> task<> { co_await sleep(2h); });
                scope_left = true;
            });
        } catch (const weft::timeout_error&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out);
        EXPECT_FALSE(scope_left);
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, a_scope_and_a_timeout_of_the_same_instant_end_both_blocks_whichever_is_outside) {
    const auto main = []() -> task<> {
        bool timed_out = false;
        EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
            try {
                co_await with(timeout(1s), []() -> task<> { co_await sleep(1h); });
            } catch (const weft::timeout_error&) {
                timed_out = true;
            }
            co_await sleep(1h);  // the scope holds at every await
        }));
        EXPECT_EQ(weft::current_task().cancelling(), 0u);

        timed_out = false;
        try {
            co_await with(timeout(1s),
                          []() -> task<> { (void)co_await move_on_after(1s, []() -> task<> { co_await sleep(1h); }); });
        } catch (const weft::timeout_error&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out) << "its request was made, and is nobody else's";
        EXPECT_EQ(weft::current_task().cancelling(), 0u);
        co_await sleep(1s);
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, a_scope_that_expires_while_an_inner_one_unwinds_ends_with_it) {
    const auto main = []() -> task<> {
        std::string log;
        const auto began = now();
        EXPECT_FALSE(co_await move_on_after(2s, [&]() -> task<> {
            EXPECT_FALSE(co_await move_on_after(1s, [&]() -> task<> {
                co_await with(task_group(), [&](task_group& g) -> task<> {
                    g.create_task([&log]() -> task<> {
                        try {
                            co_await sleep(1h);
                        } catch (const cancelled_error&) {
                        }
                        co_await sleep(3s);
                        log += "cleaned ";
                    });
                    co_return;
                });
            }));
            log += "inner left ";
            co_await sleep(1s);
            log += "never";
        }));
        EXPECT_EQ(log, "cleaned inner left ");
        EXPECT_EQ(now() - began, 4s);
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, cancel_reaches_through_a_shielded_scope) {
    const auto main = []() -> task<> {
        const auto h = weft::create_task(
            []() -> task<> { co_await with(cancel_scope().shielded(true), []() -> task<> { co_await sleep(1h); }); });
        co_await sleep(1s);
        h.cancel("from outside");
        try {
            co_await h;
            ADD_FAILURE();
        } catch (const cancelled_error& e) {
            EXPECT_EQ(e.message(), "from outside");
        }
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, a_task_cancelled_while_its_scope_unwinds_ends_as_cancelled) {
    const auto main = []() -> task<> {
        std::string log;
        const auto h = weft::create_task([&log]() -> task<> {
            (void)co_await move_on_after(1s, [&]() -> task<> {
                co_await with(task_group(), [&](task_group& g) -> task<> {
                    g.create_task(cleans_up(log));
                    co_return;
                });
            });
            log += "went on";
        });
        co_await sleep(1500ms);
        h.cancel();
        co_await weft::wait(std::vector{h});
        EXPECT_TRUE(h.cancelled());
        EXPECT_EQ(log, "cancelled clean ");
    };
    weft::testing::run(main());
}

TEST(move_on_after_interplay, a_group_whose_scope_bounds_the_cleanup_cancels_its_tasks_again) {
    const auto main = []() -> task<> {
        std::string log;
        const auto began = now();
        EXPECT_FALSE(co_await move_on_after(1s, [&](cancel_scope& s) -> task<> {
            s.cleanup_deadline(2s);
            co_await with(task_group(), [&](task_group& g) -> task<> {
                g.create_task([&log]() -> task<> {
                    for (int i = 0; i < 2; ++i) {
                        try {
                            co_await sleep(1h);
                        } catch (const cancelled_error&) {
                            log += "cancelled ";
                        }
                    }
                });
                co_return;
            });
        }));
        EXPECT_EQ(log, "cancelled cancelled ");
        EXPECT_EQ(now() - began, 3s);
    };
    weft::testing::run(main());
}

}  // namespace
