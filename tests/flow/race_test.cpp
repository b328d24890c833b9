// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/flow/race.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/any_task.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

namespace {

using weft::race;
using weft::sleep;
using weft::task;

weft::clock::duration now() { return weft::get_running_loop().time().time_since_epoch(); }

task<int> number_after(weft::clock::duration d, int n) {
    co_await sleep(d);
    co_return n;
}

task<std::string> fails_after(weft::clock::duration d) {
    co_await sleep(d);
    throw std::runtime_error("failed");
}

/// Takes a second to be cancelled.
task<int> unwilling(std::string& log) {
    try {
        co_await sleep(1h);
    } catch (const weft::cancelled_error&) {
        log += "cancelled";
    }
    co_await sleep(1s);
    log += ", ended";
    co_return 0;
}

TEST(race, gives_the_first_and_waits_until_the_others_have_ended) {
    const auto main = []() -> task<> {
        std::string log;
        const auto began = now();
        const auto winner = co_await race(unwilling(log), number_after(1s, 7));
        EXPECT_EQ(winner.index(), 1u);
        EXPECT_EQ(std::get<1>(winner), 7);
        EXPECT_EQ(log, "cancelled, ended");
        EXPECT_EQ(now() - began, 2s);
        EXPECT_EQ(weft::all_tasks().size(), 1u);
    };
    weft::testing::run(main());
}

TEST(race, of_a_range_says_which_it_was) {
    const auto main = []() -> task<> {
        std::vector<task<int>> runners;
        for (int i = 0; i < 5; ++i) runners.push_back(number_after(std::chrono::seconds(5 - i), i));
        const auto winner = co_await race(std::move(runners));
        EXPECT_EQ(winner.index, 4u);
        EXPECT_EQ(winner.value, 4);

        EXPECT_THROW((void)co_await race(std::vector<task<int>>()), std::invalid_argument);
    };
    weft::testing::run(main());
}

TEST(race, of_those_ready_in_the_same_instant_takes_one_and_moves_its_result) {
    const auto main = []() -> task<> {
        const auto makes = [](int n) -> task<std::unique_ptr<int>> {
            co_await sleep(1s);
            co_return std::make_unique<int>(n);
        };
        const auto winner = co_await race(makes(1), makes(2));
        const auto& value = winner.index() == 0 ? std::get<0>(winner) : std::get<1>(winner);
        EXPECT_EQ(*value, static_cast<int>(winner.index()) + 1);
    };
    for (unsigned seed = 0; seed < 20; ++seed) weft::testing::run(main(), {.seed = seed});
}

TEST(race, throws_what_the_first_threw_after_the_others_have_ended) {
    const auto main = []() -> task<> {
        std::string log;
        EXPECT_THROW((void)co_await race(unwilling(log), fails_after(1s)), std::runtime_error);
        EXPECT_EQ(log, "cancelled, ended");
    };
    weft::testing::run(main());
}

TEST(race, what_a_loser_fails_with_is_reported) {
    const auto main = []() -> task<> {
        std::vector<std::string> reports;
        weft::get_running_loop().set_exception_handler(
            [&](weft::event_loop&, const weft::error_context& report) { reports.push_back(report.message); });
        const auto loser = []() -> task<> {
            try {
                co_await sleep(1h);
            } catch (const weft::cancelled_error&) {
                throw std::runtime_error("could not end");
            }
        };
        (void)co_await race(number_after(1s, 1), loser());
        EXPECT_EQ(reports, std::vector<std::string>{"a task that lost a race failed when it was cancelled"});
    };
    weft::testing::run(main());
}

TEST(race, cancelled_while_waiting_it_cancels_all_and_waits_for_them) {
    const auto main = []() -> task<> {
        std::string log;
        const auto h = weft::create_task([&log]() -> task<> { (void)co_await race(unwilling(log), sleep(1h)); });
        co_await sleep(1s);
        h.cancel("enough");
        try {
            co_await h;
            ADD_FAILURE();
        } catch (const weft::cancelled_error& e) {
            EXPECT_EQ(e.message(), "enough");
        }
        EXPECT_EQ(log, "cancelled, ended");
        EXPECT_EQ(weft::all_tasks().size(), 1u);
    };
    weft::testing::run(main());
}

TEST(race, destroyed_while_waiting) {
    const auto loop = weft::testing::make_virtual_loop();
    int pending = 0;
    loop->set_exception_handler([&](weft::event_loop&, const weft::error_context&) { ++pending; });
    std::string log;
    const auto h = weft::create_task_on(
        *loop, [](std::string& l) -> task<> { (void)co_await race(unwilling(l), number_after(1h, 1)); }(log));
    loop->run_once(loop->time() + 1s);
    loop->close();
    EXPECT_FALSE(h.done());
    EXPECT_EQ(pending, 3);
    EXPECT_EQ(log, "");
}

}  // namespace
