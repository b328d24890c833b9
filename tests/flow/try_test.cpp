// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/try.hpp>
#include <weft/loop/future.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;

namespace {

using weft::outcome;
using weft::task;
using weft::try_;

task<std::unique_ptr<int>> makes(int n) {
    co_await weft::sleep(1s);
    co_return std::make_unique<int>(n);
}
task<int> fails() {
    co_await weft::sleep(1s);
    throw std::runtime_error("failed");
}

TEST(try_, gives_a_value_as_it_is_and_moves_it_out) {
    const auto main = []() -> task<> {
        outcome<std::unique_ptr<int>> made = co_await try_(makes(3));
        EXPECT_TRUE(made);
        EXPECT_FALSE(made.exception());
        EXPECT_EQ(*made.value(), 3);
        const std::unique_ptr<int> taken = std::move(made).value();
        EXPECT_EQ(*taken, 3);
        EXPECT_TRUE((co_await try_(weft::sleep(1s))).has_value());
    };
    weft::testing::run(main());
}

TEST(try_, gives_an_error_as_a_value) {
    const auto main = []() -> task<> {
        const outcome<int> failed = co_await try_(fails());
        EXPECT_FALSE(failed);
        EXPECT_TRUE(failed.failed_with<std::runtime_error>());
        EXPECT_FALSE(failed.failed_with<std::logic_error>());
        EXPECT_THROW((void)failed.value(), std::runtime_error);
    };
    weft::testing::run(main());
}

TEST(try_, awaits_a_future_that_stays_with_others) {
    const auto main = []() -> task<> {
        const weft::future<std::string> f;
        weft::get_running_loop().call_later(1s, [=] { f.set_result("text"); });
        EXPECT_EQ((co_await try_(f)).value(), "text");
        EXPECT_EQ(co_await f, "text");
    };
    weft::testing::run(main());
}

TEST(try_, cancelled_while_waiting_it_throws) {
    const auto main = []() -> task<> {
        bool went_on = false;
        const auto h = weft::create_task([&went_on]() -> task<> {
            (void)co_await try_(weft::sleep(1h));
            went_on = true;
        });
        co_await weft::sleep(1s);
        h.cancel();
        EXPECT_THROW(co_await h, weft::cancelled_error);
        EXPECT_FALSE(went_on);
    };
    weft::testing::run(main());
}

TEST(try_, destroyed_while_waiting) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto h = weft::create_task_on(*loop, []() -> task<> { (void)co_await try_(makes(1)); }());
    loop->run_once(loop->time() + 1ms);
    loop->close();
    EXPECT_FALSE(h.done());
}

}  // namespace
