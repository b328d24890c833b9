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

/// Sleeps for an hour; cancelled, it says `word` a second later, and throws the cancellation on.
inline weft::task<> cleans_up(std::string& log, std::string word) {
    bool cancelled = false;
    try {
        co_await weft::sleep(std::chrono::hours(1));
    } catch (const weft::cancelled_error&) {
        cancelled = true;
    }
    co_await weft::sleep(std::chrono::seconds(1));
    log += word;
    if (cancelled) throw weft::cancelled_error();
}

/// Sleeps for an hour; cancelled, it sleeps for another second, for one request is one error, and gives `result`.
inline weft::task<int> swallows(int result) {
    try {
        co_await weft::sleep(std::chrono::hours(1));
    } catch (const weft::cancelled_error&) {
    }
    co_await weft::sleep(std::chrono::seconds(1));
    co_return result;
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
