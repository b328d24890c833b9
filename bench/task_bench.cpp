// SPDX-License-Identifier: Apache-2.0
// What awaiting, switching, spawning and timers cost. `make bench`, or build/release/bench/task_bench.

#include <weft/weft.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <vector>

using namespace std::chrono_literals;

namespace {

weft::task<int> one() { co_return 1; }

weft::task<> await_trivial_tasks(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(co_await one());
}

weft::task<> spawn_and_await(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(co_await weft::create_task(one()));
}

weft::task<> yield_until(const bool& stop) {
    while (!stop) co_await weft::yield_now();
}

/// An iteration is one turn of every one of `state.range(0)` tasks through the ready queue.
weft::task<> yield_among_tasks(benchmark::State& state) {
    bool stop = false;
    std::vector<weft::task_handle<>> others;
    for (long i = 1; i < state.range(0); ++i) others.push_back(weft::create_task(yield_until(stop)));
    for (auto _ : state) co_await weft::yield_now();
    state.SetItemsProcessed(state.iterations() * state.range(0));
    stop = true;
    co_await weft::gather(others);
}

weft::task<> schedule_and_cancel_a_timer(benchmark::State& state) {
    weft::event_loop& loop = weft::get_running_loop();
    std::vector<weft::timer_handle> live;
    for (long i = 0; i < state.range(0); ++i) live.push_back(loop.call_later(1h + i * 1us, [] {}));
    for (auto _ : state) loop.call_later(5s, [] {}).cancel();
    for (auto& timer : live) timer.cancel();
    co_return;
}

template <weft::task<> (*Body)(benchmark::State&)>
void on_a_loop(benchmark::State& state) {
    weft::run(Body(state));
}

BENCHMARK(on_a_loop<await_trivial_tasks>)->Name("await a trivial task");
BENCHMARK(on_a_loop<spawn_and_await>)->Name("spawn and await");
BENCHMARK(on_a_loop<yield_among_tasks>)->Name("yield, tasks")->Arg(1)->Arg(1000);
BENCHMARK(on_a_loop<schedule_and_cancel_a_timer>)->Name("schedule and cancel, live timers")->Arg(0)->Arg(100'000);

}  // namespace
