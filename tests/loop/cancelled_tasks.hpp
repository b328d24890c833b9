// SPDX-License-Identifier: Apache-2.0
// A task to be cancelled, and how tasks end, in words.
#pragma once

#include <weft/base/errors.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/task_handle.hpp>

#include <chrono>
#include <exception>
#include <string>

namespace {

/// Sleeps for an hour and says how that ended; throws the cancellation on.
inline weft::task<> sleeps(std::string& log) {
    try {
        co_await weft::sleep(std::chrono::hours(1));
        log += "slept";
    } catch (const weft::cancelled_error& e) {
        log += "cancelled(" + e.message() + ")";
        throw;
    }
}

/// How a task ended, waiting for it without being cancelled by it.
template <class T>
weft::task<std::string> outcome(weft::task_handle<T> h) {
    try {
        co_await h;
    } catch (const weft::cancelled_error&) {
        co_return "cancelled";
    } catch (const std::exception& e) {
        co_return e.what();
    }
    co_return "finished";
}

}  // namespace
