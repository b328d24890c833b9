// SPDX-License-Identifier: Apache-2.0
#include "hook/fibers.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using weft::create_fiber;

TEST(shim_time, a_thousand_fibers_sleep_a_second_in_a_second) {
    weft::testing::run([]() -> weft::task<> {
        const auto began = weft::get_running_loop().time();
        std::vector<weft::task_handle<unsigned>> all;
        for (int i = 0; i < 1000; ++i) all.push_back(create_fiber([] { return sleep(1); }));
        for (auto& h : all) {
            const unsigned left = co_await h;
            EXPECT_EQ(left, 0u);
        }
        EXPECT_EQ(weft::get_running_loop().time() - began, 1s);
    }());
}

TEST(shim_time, each_way_to_sleep_suspends_the_fiber_alone) {
    weft::testing::run([]() -> weft::task<> {
        const auto began = weft::get_running_loop().time();
        co_await create_fiber([] {
            const timespec second{.tv_sec = 1, .tv_nsec = 0};
            EXPECT_EQ(usleep(1'000'000), 0);
            EXPECT_EQ(nanosleep(&second, nullptr), 0);
            EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &second, nullptr), 0);
            std::this_thread::sleep_for(1s);
        });
        EXPECT_EQ(weft::get_running_loop().time() - began, 4s);
    }());
}

TEST(shim_time, cancelled_while_sleeping) {
    weft::testing::run([]() -> weft::task<> {
        unsigned left = 0;
        timespec rest{};
        int error = 0;
        auto one = create_fiber([&] { left = sleep(10); });
        auto other = create_fiber([&] {
            const timespec asked{.tv_sec = 10, .tv_nsec = 0};
            if (nanosleep(&asked, &rest) == -1) error = errno;
        });
        co_await weft::sleep(4s);
        one.cancel();
        other.cancel();
        co_await hook_tests::ended(one);
        co_await hook_tests::ended(other);
        EXPECT_EQ(left, 6u);
        EXPECT_EQ(rest.tv_sec, 6);
        EXPECT_EQ(error, ECANCELED);
    }());
}

TEST(shim_time, errno_is_left_as_it_was) {
    weft::testing::run([]() -> weft::task<> {
        auto h = create_fiber([] {
            errno = 77;
            sleep(1);
            return errno;
        });
        auto other = create_fiber([] { errno = 5; });
        const int kept = co_await h;
        EXPECT_EQ(kept, 77);
        co_await other;
    }());
}

}  // namespace
