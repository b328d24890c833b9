// SPDX-License-Identifier: Apache-2.0
// Tests that never sleep: testing::run() gives a task a clock that jumps to the next timer as soon as nothing else can
// happen. A program of hours is tested in microseconds, and the result does not depend on how busy the machine is.
// asyncio has no such thing; Trio's MockClock is the model.
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

/// What is to be tested: tries again after 1 s, 2 s, 4 s … up to an hour.
template <class F>
weft::task<int> with_retries(F attempt) {
    auto pause = weft::clock::duration(1s);
    for (int tries = 1;; ++tries) {
        if (co_await attempt()) co_return tries;
        co_await weft::sleep(pause);
        pause = std::min<weft::clock::duration>(2 * pause, 1h);
    }
}

weft::task<> succeeds_after_a_day() {
    const auto start = weft::get_running_loop().time();
    const auto after_a_day = [start]() -> weft::task<bool> {
        co_return weft::get_running_loop().time() - start >= 24h;
    };
    const int tries = co_await with_retries(after_a_day);
    const auto passed = std::chrono::duration_cast<std::chrono::seconds>(weft::get_running_loop().time() - start);
    std::printf("%d tries in %lld s\n", tries, static_cast<long long>(passed.count()));
}

/// Connections work as well, if both ends are in the loop.
weft::task<> a_slow_server() {
    const auto slow = [](weft::stream s) -> weft::task<> {
        co_await weft::sleep(1h);
        co_await s.write("at last\n");
    };
    auto server = co_await weft::start_server(slow, "127.0.0.1", 0);
    auto s = co_await weft::open_connection("127.0.0.1", server.port());
    std::printf("%s\n", (co_await s.read_line()).value_or("nothing").c_str());
}

weft::task<> waits_for_nothing() { co_await weft::future<>(); }

int main() {
    weft::testing::run(succeeds_after_a_day());
    weft::testing::run(a_slow_server());
    try {
        weft::testing::run(waits_for_nothing());
    } catch (const weft::deadlock_error& e) {
        std::printf("deadlock: %zu task waits for ever\n", e.waiting().size());
    }
}
