// SPDX-License-Identifier: Apache-2.0
// A future is a result that somebody will set: the bridge from callbacks to coroutines. Any number of tasks await it.
//
//     async def set_after(fut, delay, value):
//         await asyncio.sleep(delay)
//         fut.set_result(value)
//     fut = loop.create_future()
//     loop.create_task(set_after(fut, 0.01, "... world"))
//     print("hello ...", await fut)
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

weft::task<> set_after(weft::future<std::string> f, std::chrono::milliseconds delay, std::string value) {
    co_await weft::sleep(delay);
    f.set_result(std::move(value));
}

weft::task<std::size_t> length_of(weft::future<std::string> f) {
    const std::string text = co_await f;
    co_return text.size();
}

/// A function with a callback, of the kind that C libraries have …
void read_sensor(std::move_only_function<void(int error, double value)> done) {
    weft::get_running_loop().call_later(1ms, [done = std::move(done)]() mutable { done(0, 36.6); });
}

/// … and the same as a coroutine.
weft::task<double> sensor() {
    weft::future<double> f;
    read_sensor([f](int error, double value) {
        if (error) return f.set_exception(std::runtime_error("the sensor failed"));
        f.set_result(value);
    });
    co_return co_await f;
}

weft::task<> main_task() {
    weft::future<std::string> f;
    f.add_done_callback([](weft::future<std::string> done) { std::printf("callback: %s\n", done.result().c_str()); });
    weft::spawn(set_after(f, 10ms, "... world"));
    auto length = weft::create_task(length_of(f));
    std::printf("hello ...\n");
    std::printf("%s\n", (co_await f).c_str());
    std::printf("%zu characters\n", co_await length);

    std::printf("%.1f degrees\n", co_await sensor());

    try {
        f.set_result("again");
    } catch (const weft::invalid_state_error&) {
        std::printf("a future is set once\n");
    }
}

int main() { weft::run(main_task()); }
