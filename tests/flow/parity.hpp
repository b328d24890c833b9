// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/exception_group.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/any_task.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// What the tests that follow CPython's own have in common; docs/parity-tasks.md lists all of those.

namespace parity {

using weft::task;

struct crash : std::runtime_error {
    crash() : std::runtime_error("crash") {}
};
struct other_crash : std::runtime_error {
    other_crash() : std::runtime_error("other crash") {}
};
/// Like an exception that derives from BaseException alone.
struct base_crash {};

inline weft::clock::time_point now() { return weft::get_running_loop().time(); }

inline task<int> number_after(weft::clock::duration d, int i) {
    co_await weft::sleep(d);
    co_return i;
}
template <class E = crash>
task<> crashes_after(weft::clock::duration d) {
    co_await weft::sleep(d);
    throw E();
}
/// Waits for ever; cancelled, it fails with an `E`.
template <class E = crash>
task<> crashes_when_cancelled() {
    try {
        co_await weft::sleep(std::chrono::hours(24));
    } catch (const weft::cancelled_error&) {
        throw E();
    }
}
/// Waits for ever; cancelled, it cleans up for `d` and lets the cancellation pass.
inline task<> cleans_up_for(weft::clock::duration d) {
    std::exception_ptr cancellation;
    try {
        co_await weft::sleep(std::chrono::hours(24));
    } catch (const weft::cancelled_error&) {
        cancellation = std::current_exception();
    }
    co_await weft::sleep(d);
    std::rethrow_exception(cancellation);
}
/// Waits for ever, and adds to `count` when it is cancelled.
inline task<> counts_cancellations(int& count, int by = 1) {
    try {
        co_await weft::sleep(std::chrono::hours(24));
    } catch (const weft::cancelled_error&) {
        count += by;
        throw;
    }
}

/// The group of errors that `t` ends with; empty if it ends otherwise.
inline task<std::optional<weft::exception_group>> group_of(task<> t) {
    try {
        co_await std::move(t);
    } catch (const weft::exception_group& g) {
        co_return g;
    }
    co_return std::nullopt;
}
/// How many of the errors right in the group are an `E`.
template <class E>
std::size_t count_of(const std::optional<weft::exception_group>& g) {
    if (!g) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(g->exceptions(), [](const std::exception_ptr& e) {
        try {
            std::rethrow_exception(e);
        } catch (const E&) {
            return true;
        } catch (...) {
            return false;
        }
    }));
}
/// The group that is the only error in the group.
inline std::optional<weft::exception_group> only_group_in(const std::optional<weft::exception_group>& g) {
    if (!g || g->exceptions().size() != 1) return std::nullopt;
    try {
        std::rethrow_exception(g->exceptions()[0]);
    } catch (const weft::exception_group& inner) {
        return inner;
    } catch (...) {
        return std::nullopt;
    }
}

/// Whether `aw` ends with an `E`.
template <class E, class A>
task<bool> ends_with(A aw) {
    try {
        (void)co_await std::move(aw);
    } catch (const E&) {
        co_return true;
    }
    co_return false;
}

/// Runs what `make` gives in the order of first come, first served, and then in others.
template <class Make>
void run_in_every_order(const Make& make) {
    weft::testing::run(make());
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        weft::testing::run(make(), {.seed = seed});
    }
}

}  // namespace parity
