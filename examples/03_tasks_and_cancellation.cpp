// SPDX-License-Identifier: Apache-2.0
// Tasks run by themselves from create_task() on. A handle awaits one, or cancels it: cancelled_error is thrown at the
// await where the task stands, so that destructors and catch blocks clean up. Dropping a handle does not end the task.
//
//     task = asyncio.create_task(worker(), name="worker")
//     await asyncio.sleep(0.02)
//     task.cancel("enough")
//     try:
//         await task
//     except asyncio.CancelledError:
//         print("worker was cancelled:", task.cancelled())
#include <weft/weft.hpp>

#include <cstdio>
#include <exception>

using namespace std::chrono_literals;

struct at_exit {
    ~at_exit() { std::puts("worker: cleaned up"); }
};

weft::task<> worker() {
    const at_exit cleanup;
    std::exception_ptr cancelled;
    try {
        for (int i = 1;; ++i) {
            std::printf("worker: step %d\n", i);
            co_await weft::sleep(i < 3 ? 1ms : 1h);
        }
    } catch (const weft::cancelled_error& e) {
        std::printf("worker: cancelled, \"%s\"\n", e.message().c_str());
        cancelled = std::current_exception();
    }
    co_await weft::sleep(1ms);  // cleaning up may await; C++ wants that outside of the catch block
    std::rethrow_exception(cancelled);
}

weft::task<int> answer() {
    co_await weft::sleep(1ms);
    co_return 42;
}

weft::task<> main_task() {
    auto handle = weft::create_task(worker(), {.name = "worker"});
    auto other = weft::create_task(answer());
    std::printf("main: %s runs beside me\n", handle.name().c_str());
    co_await weft::sleep(20ms);
    handle.cancel("enough");
    try {
        co_await handle;
    } catch (const weft::cancelled_error&) {
        std::printf("main: worker was cancelled: %s\n", handle.cancelled() ? "yes" : "no");
    }
    std::printf("main: the other one says %d\n", co_await other);
}

int main() { weft::run(main_task()); }
