// SPDX-License-Identifier: Apache-2.0
// A thousand fibers, what they cost the loop, and what they leave behind.
#pragma once

#include <weft/base/unique_fd.hpp>
#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace client_tests {

using std::chrono::milliseconds;
constexpr int thousand = 1000;

/// @return false: that many descriptors are not allowed
inline bool allow_descriptors(rlim_t count) {
    rlimit most{};
    if (::getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_max < count) return false;
    most.rlim_cur = std::max(most.rlim_cur, count);
    return ::setrlimit(RLIMIT_NOFILE, &most) == 0;
}

inline std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

/// Begins a fiber for each of f(from), …, f(to - 1), fifty in a millisecond, as requests come in: a program that begins all at
/// once has made one long turn of them. @param f  outlives the fibers
template <class F>
weft::task<std::vector<weft::task_handle<std::invoke_result_t<F&, int>>>> begin(int from, int to, F& f) {
    std::vector<weft::task_handle<std::invoke_result_t<F&, int>>> all;
    for (int i = from; i < to; ++i) {
        all.push_back(weft::create_fiber([&f, i] { return f(i); }));
        if (i % 50 == 49) co_await weft::sleep(milliseconds(1));
    }
    co_return all;
}

/// The same, and waits for their ends. @return how many gave 0
template <class F>
weft::task<int> count_successes(int from, int to, F& f) {
    auto all = co_await begin(from, to, f);
    const std::vector<int> results = co_await weft::gather(std::move(all));
    co_return static_cast<int>(std::count(results.begin(), results.end(), 0));
}

/// Cancels all, and waits for their ends. @return how many ended cancelled
template <class T>
weft::task<int> cancel_all(std::vector<weft::task_handle<T>>& all) {
    for (auto& h : all) h.cancel();
    int cancelled = 0;
    for (auto& h : all) {
        try {
            co_await h;
        } catch (const weft::cancelled_error&) {
            ++cancelled;
        }
    }
    co_return cancelled;
}

/// For how long this thread was ready to run and another one did: what the servers, on the same processors, make it late.
inline std::chrono::nanoseconds time_in_line() {
    static thread_local const weft::unique_fd file(::open(
        ("/proc/self/task/" + std::to_string(::syscall(SYS_gettid)) + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC));
    char text[100] = "";
    if (::pread(file.get(), text, sizeof text - 1, 0) <= 0) return {};
    char* in_line = nullptr;
    std::strtoll(text, &in_line, 10);  // how long it ran
    return std::chrono::nanoseconds(std::strtoll(in_line, nullptr, 10));
}

/// How late timers of a millisecond were at most; what everybody else on the loop waits for its sake.
struct lateness {
    std::chrono::nanoseconds by_the_clock{}, of_the_loop{};
};

inline weft::task<> watch(lateness& most) {
    for (;;) {
        const auto due = weft::clock::now() + milliseconds(1);
        const auto before = time_in_line();
        co_await weft::sleep_until(due);
        const std::chrono::nanoseconds late = weft::clock::now() - due;
        most.by_the_clock = std::max(most.by_the_clock, late);
        most.of_the_loop = std::max(most.of_the_loop, late - (time_in_line() - before));
    }
}

/// What is promised of a thousand fibers, each with a request of 100 ms.
constexpr std::chrono::nanoseconds lateness_at_most = milliseconds(5);
#ifdef __OPTIMIZE__
constexpr std::chrono::nanoseconds together_at_most = milliseconds(400);
#else
constexpr std::chrono::nanoseconds together_at_most = milliseconds(800);
#endif

struct measured {
    int successes = 0;
    std::chrono::nanoseconds took{};
    lateness late;
    bool as_promised() const {
        return successes == thousand && took < together_at_most && late.of_the_loop < lateness_at_most;
    }
};

/// A thousand fibers, each of which takes a tenth of a second; says how long they took together, and what they did to the loop.
template <class F>
weft::task<measured> measure_once(const char* what, F& f) {
    measured m;
    auto watching = weft::create_task(watch(m.late));
    co_await weft::sleep(milliseconds(2));
    const auto began = weft::clock::now();
    m.successes = co_await count_successes(0, thousand, f);
    m.took = weft::clock::now() - began;
    std::vector<weft::task_handle<void>> watchers;
    watchers.push_back(std::move(watching));
    co_await cancel_all(watchers);
    const auto ms = [](std::chrono::nanoseconds t) { return std::chrono::duration<double, std::milli>(t).count(); };
    std::printf("%s: %d in %.0f ms; timers late by %.1f ms at most, of which the loop %.1f\n", what, thousand,
                ms(m.took), ms(m.late.by_the_clock), ms(m.late.of_the_loop));
    co_return m;
}

/// Up to three times, for others have this machine as well: a call that blocks the loop does so each time.
template <class F>
weft::task<measured> measure(const char* what, F& f) {
    measured m = co_await measure_once(what, f);
    for (int again = 0; again < 2 && !m.as_promised(); ++again) m = co_await measure_once(what, f);
    co_return m;
}

}  // namespace client_tests
