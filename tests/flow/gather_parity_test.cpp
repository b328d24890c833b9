// SPDX-License-Identifier: Apache-2.0
#include "flow/parity.hpp"

#include <weft/flow/gather.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// What CPython's test_tasks asserts of gather; docs/parity-tasks.md lists all of it.

namespace {

using namespace parity;
using weft::future;
using weft::gather;

/// The futures as they are, or each awaited by a coroutine: gather is asserted to do the same with both.
enum class kind { futures, coroutines };
constexpr kind both_kinds[] = {kind::futures, kind::coroutines};

task<int> awaits(future<int> f) { co_return co_await f; }

auto gathered(kind k, const std::vector<future<int>>& fs) {
    if (k == kind::futures) return gather(fs);
    std::vector<task<int>> tasks;
    for (const auto& f : fs) tasks.push_back(awaits(f));
    return gather(std::move(tasks));
}
auto settled(kind k, const std::vector<future<int>>& fs) {
    if (k == kind::futures) return gather_settled(fs);
    std::vector<task<int>> tasks;
    for (const auto& f : fs) tasks.push_back(awaits(f));
    return gather_settled(std::move(tasks));
}
/// Lets everything that is ready run.
auto settle() { return weft::sleep(1ms); }

// FutureGatherTests.test_success, CoroutineGatherTests.test_success
TEST(gather_parity, gives_the_results_in_order_once_the_last_is_there) {
    for (const kind k : both_kinds) {
        run_in_every_order([=]() -> task<> {
            const std::vector<future<int>> fs{future<int>(), future<int>(), future<int>()};
            const auto all = weft::create_task(gathered(k, fs));
            fs[1].set_result(1);
            fs[0].set_result(2);
            co_await settle();
            EXPECT_FALSE(all.done());
            fs[2].set_result(3);
            co_await settle();
            EXPECT_TRUE(all.done());
            EXPECT_EQ(all.result(), (std::vector{2, 1, 3}));
        });
    }
}

// test_result_exception_success
TEST(gather_parity, settled_it_gives_the_results_as_well) {
    for (const kind k : both_kinds) {
        run_in_every_order([=]() -> task<> {
            const std::vector<future<int>> fs{future<int>(), future<int>()};
            const auto all = weft::create_task(settled(k, fs));
            fs[1].set_result(1);
            co_await settle();
            EXPECT_FALSE(all.done());
            fs[0].set_result(2);
            co_await settle();
            const auto outcomes = co_await all;
            EXPECT_EQ(outcomes[0].value(), 2);
            EXPECT_EQ(outcomes[1].value(), 1);
        });
    }
}

// test_one_exception
TEST(gather_parity, the_first_failure_is_its_own_and_what_becomes_of_the_others_changes_nothing) {
    for (const kind k : both_kinds) {
        run_in_every_order([=]() -> task<> {
            std::vector<future<int>> fs;
            for (int i = 0; i < 5; ++i) fs.emplace_back();
            const auto all = weft::create_task(gathered(k, fs));
            fs[0].set_result(1);
            const auto error = std::make_exception_ptr(crash());
            fs[1].set_exception(error);
            co_await settle();
            EXPECT_TRUE(all.done());
            EXPECT_EQ(all.exception(), error);
            fs[2].set_result(3);
            fs[3].cancel();
            co_await settle();
            EXPECT_EQ(all.exception(), error);
        });
    }
}

// test_return_exceptions
TEST(gather_parity, settled_it_waits_for_all_and_gives_errors_in_their_places) {
    for (const kind k : both_kinds) {
        run_in_every_order([=]() -> task<> {
            std::vector<future<int>> fs;
            for (int i = 0; i < 4; ++i) fs.emplace_back();
            const auto all = weft::create_task(settled(k, fs));
            fs[1].set_result(1);
            fs[2].set_exception(crash());
            fs[0].set_result(3);
            co_await settle();
            EXPECT_FALSE(all.done());
            fs[3].set_exception(other_crash());
            co_await settle();
            const auto outcomes = co_await all;
            EXPECT_EQ(outcomes[0].value(), 3);
            EXPECT_EQ(outcomes[1].value(), 1);
            EXPECT_TRUE(outcomes[2].failed_with<crash>());
            EXPECT_TRUE(outcomes[3].failed_with<other_crash>());
        });
    }
}

// FutureGatherTests.test_one_cancellation
TEST(gather_parity, a_child_that_is_cancelled_ends_it_with_a_cancelled_error_that_nobody_requested) {
    for (const kind k : both_kinds) {
        run_in_every_order([=]() -> task<> {
            std::vector<future<int>> fs;
            for (int i = 0; i < 4; ++i) fs.emplace_back();
            const auto all = weft::create_task(gathered(k, fs));
            fs[0].set_result(1);
            fs[1].cancel();
            co_await settle();
            EXPECT_TRUE(all.done());
            EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(all));
            EXPECT_EQ(all.cancelling(), 0u);
            EXPECT_FALSE(fs[2].done());
            fs[2].set_result(3);
            fs[3].cancel();
        });
    }
}

// FutureGatherTests.test_result_exception_one_cancellation
TEST(gather_parity, settled_it_gives_cancellations_in_their_places) {
    for (const kind k : both_kinds) {
        run_in_every_order([=]() -> task<> {
            std::vector<future<int>> fs;
            for (int i = 0; i < 6; ++i) fs.emplace_back();
            const auto all = weft::create_task(settled(k, fs));
            fs[0].set_result(1);
            fs[1].set_exception(crash());
            fs[2].cancel();
            co_await settle();
            EXPECT_FALSE(all.done());
            fs[3].set_result(3);
            fs[4].cancel();
            fs[5].set_exception(other_crash());
            const auto outcomes = co_await all;
            EXPECT_EQ(outcomes[0].value(), 1);
            EXPECT_TRUE(outcomes[1].failed_with<crash>());
            EXPECT_TRUE(outcomes[2].failed_with<weft::cancelled_error>());
            EXPECT_EQ(outcomes[3].value(), 3);
            EXPECT_TRUE(outcomes[4].failed_with<weft::cancelled_error>());
            EXPECT_TRUE(outcomes[5].failed_with<other_crash>());
        });
    }
}

// FutureGatherTests.test_constructor_empty_sequence_use_running_loop
TEST(gather_parity, of_nothing_gives_nothing) {
    run_in_every_order([]() -> task<> {
        const auto all = weft::create_task(gather(std::vector<future<int>>()));
        co_await settle();
        EXPECT_TRUE(all.result().empty());
        const auto none = weft::create_task(gather());
        EXPECT_EQ(co_await none, std::tuple<>());
    });
}

// FutureGatherTests.test_constructor_empty_sequence_without_loop, CoroutineGatherTests.test_constructor_without_loop
TEST(gather_parity, coroutines_want_a_running_loop) {
    EXPECT_THROW((void)gather(number_after(1s, 1), number_after(1s, 2)), weft::no_running_loop_error);
}

// CoroutineGatherTests.test_constructor_use_running_loop, FutureGatherTests.test_constructor_homogenous_futures
TEST(gather_parity, it_belongs_to_the_loop_that_runs) {
    run_in_every_order([]() -> task<> {
        const auto all = weft::create_task(gather(number_after(1s, 1), number_after(1s, 2)));
        EXPECT_EQ(&all.get_loop(), &weft::get_running_loop());
        co_await all;
    });
}

// CoroutineGatherTests.test_duplicate_coroutines
TEST(gather_parity, a_handle_given_several_times_gives_its_result_several_times) {
    run_in_every_order([]() -> task<> {
        const auto h = weft::create_task(number_after(1s, 1));
        const auto [a, b, c, d] = co_await gather(h, h, number_after(1s, 2), h);
        EXPECT_EQ(a, 1);
        EXPECT_EQ(b, 1);
        EXPECT_EQ(c, 2);
        EXPECT_EQ(d, 1);
    });
}

// CoroutineGatherTests.test_cancellation_broadcast
TEST(gather_parity, cancelled_it_cancels_its_children_and_what_they_wait_for) {
    run_in_every_order([]() -> task<> {
        const future<> waited_for;
        int ran_on = 0;
        const auto inner = [&]() -> task<> {
            co_await waited_for;
            ran_on += 1;
        };
        const auto a = weft::create_task(inner());
        const auto b = weft::create_task(inner());
        const auto outer = [&]() -> task<> {
            co_await gather(a, b);
            ran_on += 100;
        };
        const auto h = weft::create_task(outer());
        co_await settle();
        EXPECT_TRUE(h.cancel());
        EXPECT_TRUE(co_await ends_with<weft::cancelled_error>(h));
        EXPECT_TRUE(waited_for.cancelled());
        EXPECT_TRUE(a.cancelled());
        EXPECT_TRUE(b.cancelled());
        EXPECT_EQ(ran_on, 0);
    });
}

// CoroutineGatherTests.test_exception_marking: the first failure is looked at; differs: the second one is reported
TEST(gather_parity, a_second_failure_is_not_the_one_that_is_thrown_and_is_reported) {
    std::string reports;
    auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([&](weft::event_loop&, const weft::error_context& c) { reports += c.message; });
    const auto main = []() -> task<> {
        const future<> a, b;
        const auto inner = [](future<> f) -> task<> {
            co_await f;
            throw crash();
        };
        const auto h = weft::create_task(gather(inner(a), inner(b)));
        co_await settle();
        a.set_result();
        co_await settle();
        b.set_result();
        co_await settle();
        EXPECT_TRUE(co_await ends_with<crash>(h));
    };
    loop->run_until_complete(main());
    loop.reset();
    EXPECT_EQ(reports, "Task exception was never retrieved");
}

// BaseTaskTests.test_cancel_gather_1: differs in that gather gives a task, which can be cancelled until it is done
TEST(gather_parity, once_its_children_are_done_cancelling_it_changes_nothing_about_them) {
    run_in_every_order([]() -> task<> {
        const future<int> f;
        const auto child = weft::create_task(awaits(f));
        const auto all = weft::create_task(gather(child));
        co_await settle();
        f.add_done_callback([all](const future<int>&) { all.cancel(); });
        f.set_result(42);
        co_await settle();
        EXPECT_TRUE(all.done());
        EXPECT_TRUE(f.done());
        EXPECT_FALSE(all.cancel());
    });
}

// BaseTaskTests.test_cancel_gather_2
TEST(gather_parity, cancelled_while_settling_it_throws_the_cancellation_with_its_message) {
    for (const std::string message : {"", "my message"}) {
        run_in_every_order([=]() -> task<> {
            const auto loops = []() -> task<> {
                for (;;) co_await gather_settled(number_after(50ms, 1));
            };
            const auto h = weft::create_task(loops());
            co_await weft::sleep(220ms);
            h.cancel(message);
            std::string said = "none";
            try {
                co_await h;
            } catch (const weft::cancelled_error& e) {
                said = e.message();
            }
            EXPECT_EQ(said, message);
        });
    }
}

}  // namespace
