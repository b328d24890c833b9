// SPDX-License-Identifier: Apache-2.0
#include <weft/flow/gather.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

namespace {

weft::clock::time_point now() { return weft::get_running_loop().time(); }

weft::task<int> number_after(weft::clock::duration d, int i) {
    co_await weft::sleep(d);
    co_return i;
}
weft::task<int> fails_after(weft::clock::duration d, std::string what) {
    co_await weft::sleep(d);
    throw std::runtime_error(what);
}
/// Counts the cancellations that reach it.
weft::task<> counts_cancellations(int& count) {
    try {
        co_await weft::sleep(24h);
    } catch (const weft::cancelled_error&) {
        ++count;
        throw;
    }
}

TEST(gather, runs_concurrently_and_gives_the_results_in_the_order_of_the_arguments) {
    const auto main = []() -> weft::task<> {
        const auto began = now();
        const auto [a, b, c] = co_await weft::gather(number_after(3s, 1), number_after(1s, 2), number_after(2s, 3));
        EXPECT_EQ(a, 1);
        EXPECT_EQ(b, 2);
        EXPECT_EQ(c, 3);
        EXPECT_EQ(now() - began, 3s);
    };
    weft::testing::run(main());
}

TEST(gather, every_kind_of_result_has_its_place) {
    const auto main = []() -> weft::task<> {
        int i = 0;
        const auto nothing = []() -> weft::task<> { co_return; };
        const auto reference = [](int& r) -> weft::task<int&> { co_return r; };
        const auto pointer = []() -> weft::task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
        std::tuple<std::monostate, int*, std::unique_ptr<int>> all =
            co_await weft::gather(nothing(), reference(i), pointer());
        EXPECT_EQ(std::get<1>(all), &i);
        EXPECT_EQ(*std::get<2>(all), 5);
    };
    weft::testing::run(main());
}

TEST(gather, of_nothing_is_done_at_once) {
    const auto main = []() -> weft::task<> {
        const std::tuple<> none = co_await weft::gather();
        (void)none;
        EXPECT_TRUE((co_await weft::gather(std::vector<weft::task<int>>())).empty());
    };
    weft::testing::run(main());
}

TEST(gather, a_range_of_tasks_gives_a_vector) {
    const auto main = []() -> weft::task<> {
        std::vector<weft::task<int>> tasks;
        for (int i = 0; i < 100; ++i) tasks.push_back(number_after(std::chrono::milliseconds(100 - i), i));
        const std::vector<int> numbers = co_await weft::gather(std::move(tasks));
        EXPECT_EQ(numbers.size(), 100u);
        for (int i = 0; i < 100; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i);
        std::vector<weft::task<std::unique_ptr<int>>> pointers;
        pointers.push_back([]() -> weft::task<std::unique_ptr<int>> { co_return std::make_unique<int>(6); }());
        EXPECT_EQ(*(co_await weft::gather(std::move(pointers)))[0], 6);
    };
    weft::testing::run(main());
}

TEST(gather, handles_and_futures_keep_their_results) {
    const auto main = []() -> weft::task<> {
        const auto h = weft::create_task(number_after(1s, 1));
        const weft::future<std::string> f;
        weft::get_running_loop().call_later(2s, [f] { f.set_result("a result too long to be stored in place"); });
        const auto [i, s] = co_await weft::gather(h, f);
        EXPECT_EQ(i, h.result());
        EXPECT_EQ(s, f.result());
    };
    weft::testing::run(main());
}

TEST(gather, a_range_of_handles_keeps_its_handles) {
    const auto main = []() -> weft::task<> {
        std::vector<weft::task_handle<int>> handles;
        for (int i = 0; i < 3; ++i) handles.push_back(weft::create_task(number_after(1s, i)));
        const std::vector<int> numbers = co_await weft::gather(handles);
        EXPECT_EQ(numbers, (std::vector{0, 1, 2}));
        for (const auto& h : handles) EXPECT_TRUE(h.done());
        EXPECT_EQ(handles[2].result(), 2);
    };
    weft::testing::run(main());
}

TEST(gather, starts_its_tasks_at_the_call_and_not_at_the_await) {
    const auto main = []() -> weft::task<> {
        const auto began = now();
        auto both = weft::gather(number_after(2s, 1), number_after(2s, 2));
        co_await weft::sleep(2s);
        co_await std::move(both);
        EXPECT_EQ(now() - began, 2s);
    };
    weft::testing::run(main());
}

TEST(gather, takes_a_sleep_as_a_task) {
    const auto main = []() -> weft::task<> {
        const auto began = now();
        const auto [nothing, i] = co_await weft::gather(weft::sleep(2s), number_after(1s, 3));
        EXPECT_EQ(nothing, std::monostate());
        EXPECT_EQ(i, 3);
        EXPECT_EQ(now() - began, 2s);
    };
    weft::testing::run(main());
}

TEST(gather, may_be_a_task_of_its_own) {
    const auto main = []() -> weft::task<int> {
        const auto h = weft::create_task(weft::gather(number_after(1s, 3), number_after(2s, 4)));
        const auto [a, b] = co_await h;
        co_return a + b;
    };
    EXPECT_EQ(weft::testing::run(main()), 7);
}

// Failures

TEST(gather, the_first_failure_is_thrown_at_once_and_the_others_run_on) {
    const auto main = []() -> weft::task<> {
        const auto began = now();
        const auto slow = weft::create_task(number_after(5s, 1));
        std::string said;
        try {
            co_await weft::gather(slow, fails_after(2s, "second"), fails_after(1s, "first"));
        } catch (const std::runtime_error& e) {
            said = e.what();
        }
        EXPECT_EQ(said, "first");
        EXPECT_EQ(now() - began, 1s);
        EXPECT_FALSE(slow.done());
        EXPECT_EQ(co_await slow, 1);
    };
    auto loop = weft::testing::make_virtual_loop();
    std::string reports;
    loop->set_exception_handler([&](weft::event_loop&, const weft::error_context& c) {
        reports += weft::describe_exception(c.exception) + "\n";
    });
    loop->run_until_complete(main());
    EXPECT_EQ(reports, "std::runtime_error: second\n");  // errors never vanish
}

TEST(gather, a_failure_before_the_await_is_thrown_there) {
    const auto main = []() -> weft::task<bool> {
        const auto failed = weft::create_task(fails_after(0s, "early"));
        co_await weft::sleep(1s);
        try {
            co_await weft::gather(number_after(1s, 1), failed);
        } catch (const std::runtime_error&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(weft::testing::run(main()));
}

TEST(gather, a_child_that_is_cancelled_fails_it_with_a_cancellation) {
    const auto main = []() -> weft::task<bool> {
        const auto a = weft::create_task(number_after(1h, 1)), b = weft::create_task(number_after(2s, 2));
        weft::get_running_loop().call_later(1s, [a] { a.cancel(); });
        bool cancelled = false;
        try {
            co_await weft::gather(a, b);
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_EQ(weft::current_task_core().cancelling(), 0u);
        EXPECT_EQ(co_await b, 2);  // runs on
        co_return cancelled;
    };
    EXPECT_TRUE(weft::testing::run(main()));
}

// Cancellation; "destroyed while waiting" is tests/loop/waiter_test.cpp

TEST(gather, cancelled_while_waiting_cancels_every_child) {
    const auto main = []() -> weft::task<> {
        int count = 0;
        const auto h = weft::create_task(
            weft::gather(counts_cancellations(count), counts_cancellations(count), counts_cancellations(count)));
        co_await weft::sleep(1s);
        h.cancel();
        bool cancelled = false;
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        EXPECT_EQ(count, 3);
    };
    weft::testing::run(main());
}

TEST(gather, cancelled_with_children_that_swallow_is_cancelled_when_they_have_ended) {
    const auto main = []() -> weft::task<> {
        const auto swallows = [](weft::clock::duration cleanup) -> weft::task<int> {
            try {
                co_await weft::sleep(24h);
            } catch (const weft::cancelled_error&) {
            }
            co_await weft::sleep(cleanup);
            co_return 1;
        };
        const auto h = weft::create_task(weft::gather(swallows(1s), swallows(5s)));
        co_await weft::sleep(1s);
        const auto began = now();
        h.cancel();
        bool cancelled = false;
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        EXPECT_EQ(now() - began, 5s);
    };
    weft::testing::run(main());
}

TEST(gather, cancelled_before_it_is_awaited_cancels_every_child) {
    const auto main = []() -> weft::task<int> {
        int count = 0;
        auto both = weft::gather(counts_cancellations(count), counts_cancellations(count));
        co_await weft::yield_now();
        weft::current_task_core().cancel();
        try {
            co_await std::move(both);
        } catch (const weft::cancelled_error&) {
        }
        co_await weft::yield_now();
        co_return count;
    };
    EXPECT_EQ(weft::testing::run(main()), 2);
}

TEST(gather, cancelled_before_it_is_awaited_waits_for_the_children_all_the_same) {
    const auto main = []() -> weft::task<> {
        const auto cleans_up = []() -> weft::task<> {
            bool cancelled = false;
            try {
                co_await weft::sleep(24h);
            } catch (const weft::cancelled_error&) {
                cancelled = true;
            }
            co_await weft::sleep(1s);
            if (cancelled) throw weft::cancelled_error();
        };
        const auto child = weft::create_task(cleans_up());
        const weft::future<> f;
        co_await weft::yield_now();
        for (const bool with_future : {false, true}) {
            weft::current_task_core().cancel();
            int raised = 0;
            try {
                if (with_future) {
                    co_await weft::gather(f);  // done at once by that
                } else {
                    co_await weft::gather(child);
                }
            } catch (const weft::cancelled_error&) {
                ++raised;
            }
            EXPECT_EQ(raised, 1);
            EXPECT_TRUE(with_future ? f.cancelled() : child.cancelled());
            co_await weft::yield_now();  // one request, one error
        }
    };
    weft::testing::run(main());
}

TEST(gather, of_futures_cancels_them) {
    const auto main = []() -> weft::task<> {
        const weft::future<int> a, b;
        const auto h = weft::create_task(weft::gather(a, b));
        co_await weft::yield_now();
        h.cancel();
        EXPECT_TRUE(a.cancelled());
        EXPECT_TRUE(b.cancelled());
        EXPECT_THROW(co_await h, weft::cancelled_error);
    };
    weft::testing::run(main());
}

TEST(gather, never_awaited_leaves_its_tasks_running) {
    const auto main = []() -> weft::task<int> {
        int count = 0;
        const auto adds = [](int& c) -> weft::task<> {
            co_await weft::sleep(1s);
            ++c;
        };
        {
            const auto unused = weft::gather(adds(count), adds(count));
        }
        co_await weft::sleep(2s);
        co_return count;
    };
    EXPECT_EQ(weft::testing::run(main()), 2);
}

TEST(gather, outside_a_loop_is_refused) {
    EXPECT_THROW((void)weft::gather(number_after(1s, 1)), weft::no_running_loop_error);
}

TEST(gather, a_request_that_is_taken_back_before_it_resumes_is_not_raised) {
    const auto main = []() -> weft::task<> {
        const weft::future<int> f;
        const auto h = weft::create_task(
            [](weft::future<int> awaited) -> weft::task<> { (void)co_await weft::gather(std::vector{awaited}); }(f));
        co_await weft::sleep(1s);
        f.set_result(1);
        co_await weft::yield_now();  // gather has heard of it, and is to resume
        h.cancel();
        h.uncancel();
        co_await h;
    };
    weft::testing::run(main());
}

}  // namespace
