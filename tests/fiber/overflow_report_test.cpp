// SPDX-License-Identifier: Apache-2.0
#include <weft/fiber/create_fiber.hpp>
#include <weft/fiber/fiber.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <thread>

#include <signal.h>
#include <unistd.h>

namespace {

using weft::fiber;
namespace this_fiber = weft::this_fiber;

class overflow_report_death_test : public testing::Test {
protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Not inlined, and not a tail call.
[[gnu::noinline]] int bottomless(int n) {
    volatile char place[256] = {};
    place[0] = static_cast<char>(n);
    return n == -1 ? 0 : bottomless(n + 1) + place[0];
}

TEST_F(overflow_report_death_test, names_the_fiber_and_where_it_was_made) {
    EXPECT_DEATH(
        {
            const fiber<> f([] { bottomless(0); }, {.name = "digger", .stack_bytes = 32 * 1024});
            f.switch_to();
        },
        "stack overflow: fiber 'digger' has used up its 32768 bytes(.|\n)*made at .*overflow_report_test.cpp:[0-9]+, in ");
}

TEST_F(overflow_report_death_test, also_on_other_threads) {
    EXPECT_DEATH(std::thread([] {
                     const fiber<> f([] { bottomless(0); }, {.name = "threaded", .stack_bytes = 32 * 1024});
                     f.switch_to();
                 }).join(),
                 "fiber 'threaded' has used up");
}

void of_three(int a, int b, int c) { bottomless(a + b + c); }

weft::task<> makes_an_unnamed_one() { co_await weft::create_fiber(of_three, 1, 2, 3); }

TEST_F(overflow_report_death_test, calls_the_fiber_of_a_task_what_the_task_is_called) {
    EXPECT_DEATH(weft::testing::run(makes_an_unnamed_one()),
                 "overflow: fiber 'Task-[0-9]+' has used up its 262144 bytes");
}

void waits_before(int a, int b, int c) {
    weft::await(weft::sleep(std::chrono::milliseconds(1)));
    of_three(a, b, c);
}

weft::task<> names_it_later() {
    auto h = weft::create_fiber({.name = "reader", .stack_bytes = 64 * 1024}, waits_before, 1, 2, 3);
    co_await weft::yield_now();
    h.set_name("parser");
    co_await h;
}

TEST_F(overflow_report_death_test, calls_it_by_the_name_that_was_given_last) {
    EXPECT_DEATH(weft::testing::run(names_it_later()), "overflow: fiber 'parser' has used up its 65536 bytes");
}

weft::task<> awaits_one() { co_await weft::run_in_fiber({.stack_bytes = 32 * 1024}, of_three, 1, 2, 3); }

TEST_F(overflow_report_death_test, of_one_that_a_coroutine_awaits_the_co_await_is_its_place) {
    EXPECT_DEATH(weft::testing::run(awaits_one()),
                 "fiber 'Task-(.|\n)*made at .*overflow_report_test.cpp:.*awaits_one");
}

TEST_F(overflow_report_death_test, then_the_handler_from_before_has_its_turn) {
    EXPECT_DEATH(
        {
            struct sigaction before = {};
            before.sa_handler = [](int) {
                (void)!::write(STDERR_FILENO, "theirs\n", 7);
                ::_exit(3);
            };
            ::sigaction(SIGSEGV, &before, nullptr);
            const fiber<> f([] { bottomless(0); }, {.name = "digger", .stack_bytes = 32 * 1024});
            f.switch_to();
        },
        "fiber 'digger'(.|\n)*theirs");
}

TEST_F(overflow_report_death_test, other_faults_are_left_to_others) {
    const auto fault_in_a_fiber = [] {
        const fiber<> f(
            [] {
                volatile int* volatile nowhere = nullptr;
                *nowhere = 1;
            },
            {.name = "innocent"});
        f.switch_to();
    };
    EXPECT_DEATH(
        {
            struct sigaction before = {};
            before.sa_handler = [](int) {
                (void)!::write(STDERR_FILENO, "theirs alone\n", 13);
                ::_exit(3);
            };
            ::sigaction(SIGSEGV, &before, nullptr);
            fault_in_a_fiber();
        },
        "^theirs alone");
}

TEST_F(overflow_report_death_test, a_signal_that_was_sent_still_ends_the_program) {
    EXPECT_DEATH(
        {
            const fiber<> f([] { this_fiber::parent().switch_to(); });
            f.switch_to();
            ::raise(SIGSEGV);
            ::_exit(0);
        },
        "");
}

}  // namespace
