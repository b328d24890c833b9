// SPDX-License-Identifier: Apache-2.0
// Where there is no epoll_pwait2(2).
#include "loop/backend_epoll.hpp"

#include "failing_calls.hpp"

#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/run.hpp>

#include <gtest/gtest.h>

using namespace std::chrono_literals;
using namespace weft_test;

namespace {

TEST(epoll_without_pwait2, waits_by_milliseconds_and_never_too_short) {
    const failing_calls none(system_call::epoll_pwait2, {.error = ENOSYS, .times = 1'000'000});
    weft::event_loop loop(weft::make_epoll_backend());
    const auto began = weft::clock::now();
    loop.run_until_complete([]() -> weft::task<> { co_await weft::sleep(1500us); }());
    EXPECT_GE(weft::clock::now() - began, 1500us);
    EXPECT_EQ(none.failed(), 1);  // it is not asked for again
}

TEST(epoll_without_pwait2, says_what_else_goes_wrong) {
    const failing_calls bad(system_call::epoll_pwait2, {.error = EBADF});
    weft::event_loop loop(weft::make_epoll_backend());
    EXPECT_THROW(loop.run_until_complete([]() -> weft::task<> { co_await weft::sleep(1ms); }()), std::system_error);
}

TEST(epoll_without_pwait2, bears_the_longest_wait) {
    const failing_calls none(system_call::epoll_pwait2, {.error = ENOSYS, .times = 1'000'000});
    weft::event_loop loop(weft::make_epoll_backend());
    auto timer = loop.call_later(std::chrono::hours(24 * 365 * 200), [] {});
    loop.call_soon_threadsafe([&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(none.failed(), 1);
}

}  // namespace
