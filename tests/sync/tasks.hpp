// SPDX-License-Identifier: Apache-2.0
// What the tests of locks, queues and channels have in common.
#pragma once

#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace {

/// Lets everything happen that needs no time.
inline weft::task<> settle() { co_await weft::sleep(std::chrono::nanoseconds(1)); }

/// Takes a lock or a permit, says so, holds it for `d` and says so again.
template <class Lock>
weft::task<> hold(Lock& l, std::string& log, char name, weft::clock::duration d = {}) {
    const auto held = co_await l.acquire();
    log += name;
    co_await weft::sleep(d);
    log += name;
}

/// How `h` ended; what it gave stays in it.
template <class T>
weft::task<std::string> ending(weft::task_handle<T> h) {
    co_await weft::done_awaiter(h.state());
    if (h.cancelled()) co_return "cancelled";
    try {
        if (const std::exception_ptr error = h.exception()) std::rethrow_exception(error);
    } catch (const std::exception& e) {
        co_return e.what();
    }
    co_return "done";
}

/// Closes a loop while its tasks wait: runs `main` until nothing happens any more without time passing, then destroys it.
template <class Make>
void destroy_while_waiting(Make main) {
    const auto loop = weft::testing::make_virtual_loop();
    loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    const auto h = weft::create_task_on(*loop, main());
    loop->call_later(std::chrono::nanoseconds(1), [&] { loop->stop(); });
    loop->run_forever();
    EXPECT_FALSE(h.done());
    loop->close();
}

/// Runs `main(seed)` on loops that shuffle what is ready, each in its own way.
template <class Make>
void for_many_seeds(Make main, std::uint64_t seeds = 300) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        weft::testing::run(main(seed), {.seed = seed});
        if (testing::Test::HasFailure()) return;
    }
}

/// Pseudo-random numbers for those tests.
class dice {
public:
    explicit dice(std::uint64_t seed) noexcept : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
    /// 0 .. n - 1
    int roll(int n) noexcept {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<int>((state_ >> 11) % static_cast<std::uint64_t>(n));
    }

private:
    std::uint64_t state_;
};

}  // namespace
