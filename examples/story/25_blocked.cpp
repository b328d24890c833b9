// SPDX-License-Identifier: Apache-2.0
// What one must not do. A wait that the loop does not know of, here a thread's sleep, stops the thread, and so everybody: the
// second starts when the first has slept. Debug mode says on stderr who held the loop up, where, and how long.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <thread>

using namespace std::chrono_literals;

constexpr auto nap = 120ms;

weft::task<std::chrono::steady_clock::time_point> blocks(const char* name) {
    const auto started = std::chrono::steady_clock::now();
    std::printf("%s starts\n", name);
    std::this_thread::sleep_for(nap);
    std::printf("%s ends\n", name);
    co_return started;
}

weft::task<> waits(const char* name) {
    std::printf("%s starts\n", name);
    co_await weft::sleep(nap);
    std::printf("%s ends\n", name);
}

weft::task<> main_task() {
    const auto [first, second] = co_await weft::gather(blocks("first"), blocks("second"));
    if (second - first >= nap) std::puts("the second was late by the first one's nap");

    co_await weft::gather(waits("first"), waits("second"));
}

int main() { weft::run(main_task(), {.debug = true}); }
