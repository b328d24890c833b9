// SPDX-License-Identifier: Apache-2.0
// Too late: as an error (timeout, wait_for), or as an outcome (move_on_after), whatever the code inside swallows.
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;
using weft::task;

namespace {

task<int> compute(std::chrono::seconds time) {
    co_await weft::sleep(time);
    co_return 42;
}

/// Thinks it knows better than to be cancelled.
task<> stubborn() {
    for (int i = 1; i <= 3; ++i) {
        try {
            co_await weft::sleep(1h);
        } catch (const weft::cancelled_error&) {
            std::printf("  cancelled, time %d\n", i);
        }
    }
    co_await weft::sleep(1h);
}

task<> shows() {
    std::printf("in time: %d\n", co_await weft::wait_for(compute(1s), 2s));
    try {
        co_await weft::wait_for(compute(3s), 2s);
    } catch (const weft::timeout_error& e) {
        std::printf("late: %s\n", e.what());
    }

    const auto job = weft::create_task(compute(3s));
    try {
        co_await weft::wait_for(weft::shield(job), 2s);
    } catch (const weft::timeout_error&) {
        std::printf("the wait is over, the job is not\n");
    }
    std::printf("it gives %d\n", co_await job);

    const bool finished = co_await weft::move_on_after(2s, stubborn);
    std::printf("stubborn %s\n", finished ? "had its way" : "had to go");
}

}  // namespace

int main() {
    weft::testing::run(shows());  // hours pass at once
}
