// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/clock.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace weft::inline v0 {

/// A number that one thread counts up and any thread may read.
class loop_counter {
public:
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }
    /// One thread's to call: no other write comes between the load and the store.
    void add(std::uint64_t count) noexcept { value_.store(value() + count, std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// What a loop has done so far, noted by its thread once a turn. @thread any may read it while the loop lives
///
/// The lag of a turn is how long the last of what was ready had to wait: from the moment at which the wait for the kernel
/// was over until everything that was ready had been run. A turn that runs nothing has none.
struct loop_counters {
    static constexpr std::size_t lag_bounds = 25;
    /// The longest lag that bucket `index` counts; the bucket behind the last bound, of 16.8 s, counts the rest.
    static constexpr nanos lag_bound(std::size_t index) noexcept { return nanos{1000} << index; }
    static constexpr std::size_t lag_bucket(nanos lag) noexcept {
        if (lag <= 1000) return 0;
        const auto index = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(lag - 1) / 1000));
        return index < lag_bounds ? index : lag_bounds;
    }

    void note_lag(nanos lag) noexcept {
        lag_sum.add(static_cast<std::uint64_t>(lag > 0 ? lag : 0));
        lags[lag_bucket(lag)].add(1);
    }

    loop_counter iterations;  ///< turns of the loop
    loop_counter steps;  ///< tasks and callbacks that were run, each until it had to wait
    loop_counter lag_sum;  ///< nanoseconds: the time that was not spent waiting for the kernel
    std::array<loop_counter, lag_bounds + 1> lags;  ///< turns by their lag
};

}  // namespace weft::inline v0
