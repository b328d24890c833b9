// SPDX-License-Identifier: Apache-2.0
// What calls on other threads and other loops cost. build/release/bench/exec_bench
//
// A round trip is two wake-ups of a sleeping thread and little else: beside each stands the same by hand, with a mutex and
// condition variables, no loop and no result.

#include <weft/exec/call.hpp>
#include <weft/exec/run_coroutine_threadsafe.hpp>
#include <weft/exec/run_in_executor.hpp>
#include <weft/exec/thread_pool.hpp>
#include <weft/exec/to_thread.hpp>
#include <weft/weft.hpp>

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace {

/// A loop that another thread runs.
struct other_loop {
    other_loop() : thread([this] { loop.run_forever(); }) {}
    ~other_loop() {
        loop.call_soon_threadsafe([this] { loop.stop(); });
        thread.join();
    }
    weft::event_loop loop;
    std::thread thread;
};

weft::task<> to_thread_round_trip(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(co_await weft::to_thread([] { return 1; }));
}

weft::task<> run_in_executor_round_trip(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(co_await weft::run_in_executor([] { return 1; }));
}

/// An iteration is a call; `state.range(0)` of them are under way at once on one thread.
weft::task<> calls_at_once(benchmark::State& state) {
    weft::thread_pool pool(1);
    std::vector<weft::future<int>> all;
    for (auto _ : state) {
        all.push_back(weft::run_in_executor(pool, [] { return 1; }));
        if (all.size() < static_cast<std::size_t>(state.range(0))) continue;
        co_await weft::gather(all);
        all.clear();
    }
    co_await weft::gather(all);
}

weft::task<> function_on_another_loop(benchmark::State& state) {
    other_loop other;
    for (auto _ : state) benchmark::DoNotOptimize(co_await weft::call(other.loop, [] { return 1; }));
}

weft::task<> coroutine_on_another_loop(benchmark::State& state) {
    other_loop other;
    const auto one = []() -> weft::task<int> { co_return 1; };
    for (auto _ : state) benchmark::DoNotOptimize(co_await weft::call(other.loop, one));
}

template <weft::task<> (*Body)(benchmark::State&)>
void on_a_loop(benchmark::State& state) {
    weft::run(Body(state));
}

void run_coroutine_threadsafe(benchmark::State& state) {
    other_loop other;
    const auto one = []() -> weft::task<int> { co_return 1; };
    for (auto _ : state) benchmark::DoNotOptimize(weft::run_coroutine_threadsafe(one(), other.loop).get());
}

/// Two threads that wake each other.
void by_hand(benchmark::State& state) {
    std::mutex mutex;
    std::condition_variable changed;
    int turn = 0;  // 0: this thread's, 1: the other's, 2: no more
    std::thread other([&] {
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [&] { return turn != 0; });
            if (turn == 2) return;
            turn = 0;
            changed.notify_one();
        }
    });
    {
        std::unique_lock lock(mutex);
        for (auto _ : state) {
            turn = 1;
            changed.notify_one();
            changed.wait(lock, [&] { return turn == 0; });
        }
        turn = 2;
        changed.notify_one();
    }
    other.join();
}

BENCHMARK(by_hand)->Name("two threads and a condition variable, by hand")->UseRealTime();
BENCHMARK(on_a_loop<to_thread_round_trip>)->Name("to_thread, round trip")->UseRealTime();
BENCHMARK(on_a_loop<run_in_executor_round_trip>)->Name("run_in_executor, round trip")->UseRealTime();
BENCHMARK(on_a_loop<calls_at_once>)->Name("run_in_executor, calls at once")->Arg(16)->Arg(1000)->UseRealTime();
BENCHMARK(on_a_loop<function_on_another_loop>)->Name("call of a function, round trip")->UseRealTime();
BENCHMARK(on_a_loop<coroutine_on_another_loop>)->Name("call of a coroutine, round trip")->UseRealTime();
BENCHMARK(run_coroutine_threadsafe)->Name("run_coroutine_threadsafe, round trip")->UseRealTime();

}  // namespace
