// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>

namespace weft::inline v0 {

/// The loop's clock: monotonic, not the time of day. @see event_loop::time, time.monotonic
using clock = std::chrono::steady_clock;

/// Nanoseconds of the loop's clock: what the library counts in below its std::chrono surface.
using nanos = std::int64_t;

/// Later than every deadline.
inline constexpr nanos never = std::numeric_limits<nanos>::max();

/// A duration in nanoseconds; what is out of range (hours::max(), an infinite double) becomes the nearest limit.
template <class Rep, class Period>
constexpr nanos to_nanos(std::chrono::duration<Rep, Period> d) noexcept {
    using limits = std::numeric_limits<nanos>;
    const auto approximate = std::chrono::duration<long double, std::nano>(d).count();
    if (!(approximate < static_cast<long double>(limits::max()))) return limits::max();
    if (approximate <= static_cast<long double>(limits::min())) return limits::min();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(d).count();
}
constexpr nanos to_nanos(std::chrono::nanoseconds d) noexcept { return d.count(); }
constexpr nanos to_nanos(std::chrono::milliseconds d) noexcept {
    nanos out = 0;
    if (__builtin_mul_overflow(d.count(), nanos{1'000'000}, &out)) return d.count() < 0 ? -never : never;
    return out;
}

constexpr nanos to_nanos(clock::time_point t) noexcept { return to_nanos(t.time_since_epoch()); }
constexpr clock::time_point to_time_point(nanos t) noexcept { return clock::time_point(std::chrono::nanoseconds(t)); }

/// `now` + `delay`, at most `never`; a negative delay is none.
constexpr nanos deadline_after(nanos now, nanos delay) noexcept {
    if (delay <= 0) return now;
    return delay >= never - now ? never : now + delay;
}

}  // namespace weft::inline v0
