// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>
#include <weft/loop/loop_counters.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace weft::inline v0 {

class event_loop;

/// How long what was ready had to wait: for each turn of a loop in which anything ran, the time from the end of the wait
/// for the kernel until all that was ready had been run. Its sum is the time that the loop was busy.
struct lag_histogram {
    /// Turns whose lag was at most bound(i) and more than the bound before; the last: more than every bound.
    std::array<std::uint64_t, loop_counters::lag_bounds + 1> counts{};
    std::chrono::nanoseconds sum{};

    /// From 1 µs to 16.8 s, each twice the one before.
    static constexpr std::chrono::nanoseconds bound(std::size_t i) noexcept {
        return std::chrono::nanoseconds(loop_counters::lag_bound(i));
    }
    std::uint64_t count() const noexcept;
    /// A bound that this part of the turns did not exceed, such as 0.99 of them; 0 if there was none, nanoseconds::max()
    /// if it was more than the last bound.
    std::chrono::nanoseconds quantile(double part) const noexcept;
};

/// What a loop has done since it was made, and what it has before it now.
struct loop_metrics {
    std::string loop;  ///< what it is called, among others
    std::string backend;  ///< "io_uring" or "epoll"

    std::uint64_t iterations = 0;  ///< turns: each waits for the kernel once
    std::uint64_t steps = 0;  ///< tasks and callbacks that were run, each until it had to wait
    std::uint64_t tasks_created = 0;
    lag_histogram lag;

    std::size_t tasks = 0;  ///< that are not done
    std::size_t ready = 0;  ///< tasks and callbacks that can run, and wait for their turn
    std::size_t timers = 0;  ///< that are pending
    std::size_t operations = 0;  ///< that the kernel has: reads, writes, accepts, connects
};

/// Of the running loop. @param name  tells loops apart where there are several  @throws no_running_loop_error
/// @thread the loop's; the counters of event_loop::counters() any thread may read
/// @cost a look at each ready task, timer and operation: some nanoseconds for each; counting by itself costs a loop one look
///     at the clock a turn
loop_metrics capture_metrics(std::string name = "main");
loop_metrics capture_metrics(event_loop& loop, std::string name = "main");

}  // namespace weft::inline v0
