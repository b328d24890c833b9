// SPDX-License-Identifier: Apache-2.0
// Work that blocks, or that takes the processor for long, goes to another thread; the loop goes on meanwhile.
//
//     text = await asyncio.to_thread(load, path)
//     a, b = await asyncio.gather(loop.run_in_executor(disk, load, "a"), loop.run_in_executor(disk, load, "b"))
#include <weft/exec/thread_pool.hpp>
#include <weft/exec/to_thread.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;

/// As slow as a C library that knows nothing of coroutines.
std::string load(const std::string& name) {
    if (name.empty()) throw std::invalid_argument("a file needs a name");
    std::this_thread::sleep_for(5ms);
    return "contents of " + name;
}

weft::task<> go_on(int& turns) {
    for (;; ++turns) co_await weft::yield_now();
}

weft::task<> main_task() {
    int turns = 0;
    const auto other_work = weft::create_task(go_on(turns));
    std::printf("%s\n", (co_await weft::to_thread(load, "a file")).c_str());
    std::printf("the loop went on meanwhile: %s\n", turns > 0 ? "yes" : "no");
    other_work.cancel();

    // Exceptions come back as they are.
    try {
        co_await weft::to_thread(load, "");
    } catch (const std::invalid_argument& e) {
        std::printf("load: %s\n", e.what());
    }

    // A pool of one's own bounds how much goes on at once.
    weft::thread_pool disk(2, "disk");
    const auto [a, b, c] = co_await weft::gather(disk.run(load, "a"), disk.run(load, "b"), disk.run(load, "c"));
    std::printf("%s, %s, %s, by %zu threads\n", a.c_str(), b.c_str(), c.c_str(), disk.thread_count());

    // A cancelled call that has not begun is never made; one that runs goes on, and nobody hears of it.
    std::promise<void> answer;
    try {
        co_await weft::wait_for(disk.run([](std::future<void> f) { f.wait(); }, answer.get_future()), 1ms);
    } catch (const weft::timeout_error&) {
        std::puts("no answer within a millisecond");
    }
    answer.set_value();  // too late for us; but the pool's threads end with their last call
}

int main() { weft::run(main_task()); }
