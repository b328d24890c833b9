// SPDX-License-Identifier: Apache-2.0
// What a sleeping task takes: the growth of the heap, and of what is resident, over 1 000 000 of them. Prints both in bytes
// per task. bench/run_tasks.py sets asyncio, Go and tokio beside it. Of fibers 100 000, stacks included.
//
//     task_memory weft|minimal|fibers

#include "peers/minimal_task.hpp"
#include "peers/minimal_timer.hpp"

#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t many = 1'000'000;

struct used {
    double heap, resident;

    static used now() {
        const auto heap = mallinfo2();
        std::ifstream statm("/proc/self/statm");
        double size = 0, pages = 0;
        statm >> size >> pages;
        return {static_cast<double>(heap.uordblks + heap.hblkhd), pages * static_cast<double>(::sysconf(_SC_PAGESIZE))};
    }
};

/// @param before  taken when everything but the tasks was there
[[noreturn]] void report(const used& before, std::size_t count = many) {
    const used after = used::now();
    std::printf("{\"heap\": %.2f, \"resident\": %.2f}\n", (after.heap - before.heap) / static_cast<double>(count),
                (after.resident - before.resident) / static_cast<double>(count));
    std::fflush(stdout);
    std::_Exit(0);  // not waiting until a million tasks are destroyed
}

weft::task<> by_weft() {
    const auto f = []() -> weft::task<> { co_await weft::sleep(1h); };
    const used before = used::now();
    for (std::size_t i = 0; i < many; ++i) weft::spawn(f());
    co_await weft::sleep(1ms);
    report(before);
}

weft::task<> by_fibers() {
    constexpr std::size_t count = 100'000;
    const auto f = [] { weft::await(weft::sleep(1h)); };
    std::vector<weft::task_handle<>> fibers;
    fibers.reserve(count);
    const used before = used::now();
    for (std::size_t i = 0; i < count; ++i) fibers.push_back(weft::create_fiber(f));
    co_await weft::sleep(1ms);
    report(before, count);
}

minimal::timer_wheel wheel(0);

/// Suspends a coroutine until its timer fires.
class minimal_sleep : minimal::timer {
public:
    explicit minimal_sleep(std::int64_t when) noexcept { deadline = when; }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) noexcept {
        promise_ = &h.promise();
        fire = [](minimal::timer& t) { minimal::ready.push(*static_cast<minimal_sleep&>(t).promise_); };
        wheel.add(*this);
    }
    void await_resume() const noexcept {}

private:
    minimal::promise_base* promise_ = nullptr;
};

void by_minimal() {
    const auto f = []() -> minimal::task<> { co_await minimal_sleep(3'600'000'000'000); };
    std::vector<minimal::task<>> tasks;
    tasks.reserve(many);
    const used before = used::now();
    for (std::size_t i = 0; i < many; ++i) tasks.push_back(f());
    for (auto& task : tasks) task.start();
    minimal::ready.run();
    report(before);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view who = argc > 1 ? argv[1] : "";
    if (who == "weft") weft::run(by_weft());
    if (who == "minimal") by_minimal();
    if (who == "fibers") weft::run(by_fibers());
    std::fputs("task_memory weft|minimal|fibers\n", stderr);
    return 2;
}
