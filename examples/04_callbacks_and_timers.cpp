// SPDX-License-Identifier: Apache-2.0
// The loop below the coroutines: plain functions called soon, later, or from another thread. A handle takes one back.
//
//     loop = asyncio.new_event_loop()
//     loop.call_soon(print, "soon")
//     loop.call_later(0.02, loop.stop)
//     loop.run_forever()
#include <weft/weft.hpp>

#include <cstdio>
#include <memory>
#include <thread>

using namespace std::chrono_literals;

/// Calls itself again until it has counted down.
void count_down(weft::event_loop& loop, int left) {
    std::printf("%d\n", left);
    if (left > 0) loop.call_later(1ms, [&loop, left] { count_down(loop, left - 1); });
}

int main() {
    weft::event_loop loop;

    loop.call_soon([] { std::puts("soon"); });
    loop.call_soon([&] { count_down(loop, 3); });
    // A callback may own what can only be moved.
    loop.call_soon([text = std::make_unique<const char*>("owned")] { std::puts(*text); });

    const weft::timer_handle never = loop.call_later(5ms, [] { std::puts("never seen"); });
    never.cancel();

    const auto start = loop.time();
    loop.call_at(start + 20ms, [&] {
        std::printf("20 ms have passed: %s\n", loop.time() - start >= 20ms ? "yes" : "no");
        loop.stop();
    });
    loop.run_forever();

    std::thread other([&] {
        loop.call_soon_threadsafe([&] {
            std::puts("from another thread, on the loop's");
            loop.stop();
        });
    });
    loop.run_forever();
    other.join();
    loop.close();
}
