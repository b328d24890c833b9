// SPDX-License-Identifier: Apache-2.0
// What it costs to hand a value from one task to another that waits for it, there and back through two queues of one place
// each. Called ROW/WHO as in task_bench.cpp; bench/run_tasks.py sets asyncio, Go and tokio beside them.

#include "measuring.hpp"
#include "peers/minimal_task.hpp"

#include <weft/weft.hpp>

#include <benchmark/benchmark.h>

#if __has_include(<weft/sync/queue.hpp>)
#include <weft/sync/queue.hpp>
#define WEFT_HAS_QUEUE 1
#endif

namespace {

template <class Task, class Queue>
Task echo(Queue& from, Queue& to) {
    for (;;) {
        const int value = co_await from.get();
        if (value < 0) break;
        co_await to.put(value);
    }
}

template <class Task, class Queue>
Task hand_over(benchmark::State& state, Queue& there, Queue& back) {
    for (auto _ : state) {
        co_await there.put(1);
        benchmark::DoNotOptimize(co_await back.get());
    }
    per_element(state, 2);
    co_await there.put(-1);
}

void by_minimal(benchmark::State& state) {
    minimal::slot there, back;
    auto other = echo<minimal::task<>>(there, back);
    other.start();
    minimal::run(hand_over<minimal::task<>>(state, there, back));
}
BENCHMARK(by_minimal)->Name("queue, one way/minimal");

#ifdef WEFT_HAS_QUEUE
void by_weft(benchmark::State& state) {
    weft::queue<int> there{1}, back{1};
    weft::run([](benchmark::State& s, weft::queue<int>& to, weft::queue<int>& from) -> weft::task<> {
        auto other = weft::create_task(echo<weft::task<>>(to, from));
        co_await hand_over<weft::task<>>(s, to, from);
        co_await std::move(other);
    }(state, there, back));
}
BENCHMARK(by_weft)->Name("queue, one way/weft");
#endif

}  // namespace
