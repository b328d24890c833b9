// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <chrono>

using namespace std::chrono_literals;

namespace {

weft::task<weft::clock::duration> timed_sleep(weft::clock::duration d) {
    const auto before = weft::get_running_loop().time();
    co_await weft::sleep(d);
    co_return weft::get_running_loop().time() - before;
}

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

TEST(testing_run, time_jumps_to_the_next_timer) { EXPECT_EQ(weft::testing::run(timed_sleep(1000h)), 1000h); }

TEST(testing_run, a_task_that_waits_for_nothing_that_can_happen_is_a_deadlock_with_its_place) {
    const auto waits = []() -> weft::task<> {
        weft::future<> never_done;
        co_await never_done;
    };
    try {
        weft::testing::run(waits());
        FAIL();
    } catch (const weft::deadlock_error& e) {
        ASSERT_EQ(e.waiting().size(), 1u);
        EXPECT_NE(e.waiting()[0].find("Task-1 waits for future"), std::string::npos) << e.what();
        EXPECT_NE(e.waiting()[0].find("run_test.cpp"), std::string::npos) << e.what();
    }
}

TEST(testing_run, a_server_and_its_client_in_one_loop_do_not_hold_the_clock) {
    const auto both = []() -> weft::task<std::string> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto s = co_await weft::open_connection("127.0.0.1", server.port());
        co_await weft::sleep(24h);
        co_await s.write("hello\n");
        auto reply = co_await s.read_line();
        co_return reply.value_or("");
    };
    EXPECT_EQ(weft::testing::run(both()), "hello");
}

TEST(testing_run, a_seed_determines_the_order_of_what_is_ready) {
    const auto order = [](std::uint64_t seed) {
        std::string letters;
        const auto main = [](std::string& out) -> weft::task<> {
            const auto add = [](std::string& to, char c) -> weft::task<> {
                to += c;
                co_return;
            };
            std::vector<weft::task<>> all;
            for (char c = 'a'; c < 'k'; ++c) all.push_back(add(out, c));
            co_await weft::gather(std::move(all));
        };
        weft::testing::run(main(letters), {.seed = seed});
        return letters;
    };
    EXPECT_EQ(order(1), order(1));
    EXPECT_NE(order(1), order(2));
}

}  // namespace
