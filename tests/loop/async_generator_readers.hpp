// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/cancelled_tasks.hpp"

#include <weft/base/errors.hpp>
#include <weft/coro/async_generator.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_handle.hpp>

#include <chrono>
#include <exception>
#include <string>

// Who reads an async generator that waits, and how that ended, in words.

namespace {

inline weft::clock::time_point now() { return weft::get_running_loop().time(); }

inline weft::async_generator<int> sleeps() {
    for (int i = 0;; ++i) {
        co_await weft::sleep(std::chrono::hours(1));
        co_yield i;
    }
}
/// An hour of clean-up, whatever ends its first wait.
inline weft::async_generator<int> cleans_up_slowly() {
    try {
        co_await weft::sleep(std::chrono::hours(1));
    } catch (const weft::cancelled_error&) {
    }
    co_await weft::sleep(std::chrono::hours(1));
}

/// Asks for one element and then sleeps. @return what came of both, and how many requests of cancellation are left
inline weft::task<std::string> asks_and_sleeps(weft::async_generator<int>& g) {
    std::string log;
    try {
        const auto element = co_await g.next();
        log = element ? std::to_string(*element) : "end";
    } catch (const weft::cancelled_error&) {
        log = "cancelled";
    } catch (const std::exception& e) {
        log = e.what();
    }
    try {
        co_await weft::sleep(std::chrono::seconds(1));
        log += ", slept, ";
    } catch (const weft::cancelled_error&) {
        log += ", cancelled, ";
    }
    co_return log + std::to_string(weft::current_task_core().cancelling());
}
constexpr const char* undisturbed = "end, slept, 0";

}  // namespace
