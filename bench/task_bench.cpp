// SPDX-License-Identifier: Apache-2.0
// What awaiting, switching and spawning cost, beside tasks written by hand (peers/minimal_task.hpp). bench/run_tasks.py sets
// asyncio, Go and tokio beside them.
//
// Each benchmark is called ROW/WHO; the same work is written for everyone, and the counter says what one element costs.

#include "measuring.hpp"
#include "peers/minimal_task.hpp"

#include <weft/weft.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <vector>

namespace {

constexpr int many = 1'000'000;
constexpr int among = 1'000;

// The tasks

template <class Task>
Task one() {
    co_return 1;
}
template <class Task>
[[gnu::noinline]] Task one_far() {
    co_return 1;
}
template <class Task>
[[gnu::noinline]] Task nothing() {
    co_return;
}

using weft_task = weft::task<>;
using minimal_task = minimal::task<>;

// How each says it

weft::yield_awaiter yield(weft_task*) { return weft::yield_now(); }
minimal::yield yield(minimal_task*) { return {}; }

template <class T>
weft::task_handle<T> start(weft::task<T> task) {
    return weft::create_task(std::move(task));
}
template <class T>
minimal::task<T> start(minimal::task<T> task) {
    task.start();
    return task;
}
template <class T>
auto join(weft::task_handle<T>&& task) {
    return std::move(task).operator co_await();
}
template <class T>
auto join(minimal::task<T>&& task) {
    return task.join();
}

// The work

template <class Main, class Task>
Main await_trivial_tasks(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(co_await one<Task>());
    per_element(state);
}
template <class Main, class Task>
Main await_trivial_tasks_far(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(co_await one_far<Task>());
    per_element(state);
}

template <class Main, class Task>
Main spawn_and_await(benchmark::State& state) {
    for (auto _ : state) {
        auto task = start(one_far<Task>());
        benchmark::DoNotOptimize(co_await join(std::move(task)));
    }
    per_element(state);
}

template <class Main, class Task>
Main yield_until(const bool& stop) {
    while (!stop) co_await yield(static_cast<Main*>(nullptr));
}

/// An iteration is one turn of every task through the ready queue.
template <class Main, class Task>
Main yield_among_tasks(benchmark::State& state) {
    bool stop = false;
    std::vector<decltype(start(yield_until<Main, Task>(stop)))> others;
    for (int i = 1; i < among; ++i) others.push_back(start(yield_until<Main, Task>(stop)));
    co_await yield(static_cast<Main*>(nullptr));
    for (auto _ : state) co_await yield(static_cast<Main*>(nullptr));
    per_element(state, among);
    stop = true;
    for (auto& other : others) co_await join(std::move(other));
}

template <class Main, class Task>
Main spawn_and_join(benchmark::State& state) {
    for (auto _ : state) {
        const stopwatch measured(state, many);
        std::vector<decltype(start(nothing<Main>()))> tasks;
        tasks.reserve(many);
        for (int i = 0; i < many; ++i) tasks.push_back(start(nothing<Main>()));
        for (auto& task : tasks) co_await join(std::move(task));
    }
}

// The symmetric transfer alone: two coroutines that hand control to each other.

/// Goes on with another suspended coroutine of the same task.
class to_other : public weft::native_awaiter {
public:
    explicit to_other(const std::coroutine_handle<>& other) noexcept : other_(other) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) const noexcept {
        return h.promise().running_in()->transfer_to(other_);
    }
    void await_resume() const noexcept {}

private:
    const std::coroutine_handle<>& other_;
};

/// What gives a coroutine its own handle.
class own_handle : public weft::native_awaiter {
public:
    explicit own_handle(std::coroutine_handle<>& h) noexcept : handle_(h) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) const noexcept {
        handle_ = h;
        return false;
    }
    void await_resume() const noexcept {}

private:
    std::coroutine_handle<>& handle_;
};

weft::task<> measured_by_weft(benchmark::State& state, std::coroutine_handle<>& own,
                              const std::coroutine_handle<>& other) {
    co_await own_handle(own);
    for (auto _ : state) co_await to_other(other);
    per_element(state, 2);
}
weft::task<> other_by_weft(const std::coroutine_handle<>& measured) {
    for (;;) co_await to_other(measured);
}
weft::task<> switch_by_weft(benchmark::State& state) {
    std::coroutine_handle<> measured_handle, other_handle;
    const auto other = other_by_weft(measured_handle).release();
    other.promise().run_in(weft::current_task_core());
    other_handle = other;
    co_await measured_by_weft(state, measured_handle, other_handle);
    other.destroy();
}

// There and back: what gives its elements without waiting.
weft::async_generator<int> numbers() {
    for (int i = 0;; ++i) co_yield i;
}
weft::task<> generate_by_weft(benchmark::State& state) {
    auto generator = numbers();
    for (auto _ : state) benchmark::DoNotOptimize(co_await generator.next());
    per_element(state);
    co_await generator.close();
}

minimal::switching measured_switches(benchmark::State& state) {
    for (auto _ : state) co_await minimal::switching::to_other();
    per_element(state, 2);
}
minimal::switching other_switches() {
    for (;;) co_await minimal::switching::to_other();
}
void switch_by_minimal(benchmark::State& state) {
    minimal::switching measured = measured_switches(state), other = other_switches();
    minimal::switching::run(measured, other);
}

template <weft_task (*Body)(benchmark::State&)>
void by_weft(benchmark::State& state) {
    weft::run(Body(state));
}
template <minimal_task (*Body)(benchmark::State&)>
void by_minimal(benchmark::State& state) {
    minimal::run(Body(state));
}

// Those that want a process without memory to use again come first.
#define EVERYONE(body, row)                                                                                            \
    BENCHMARK(by_weft<body<weft_task, weft::task<int>>>)->Name(row "/weft");                                           \
    BENCHMARK(by_minimal<body<minimal_task, minimal::task<int>>>)->Name(row "/minimal")
#define EVERYONE_ONCE(body, row)                                                                                       \
    BENCHMARK(by_weft<body<weft_task, weft::task<int>>>)->Name(row "/weft")->Iterations(1)->UseManualTime();           \
    BENCHMARK(by_minimal<body<minimal_task, minimal::task<int>>>)->Name(row "/minimal")->Iterations(1)->UseManualTime()

EVERYONE_ONCE(spawn_and_join, "spawn 1 000 000 then join");
EVERYONE_ONCE(spawn_and_join, "spawn 1 000 000 then join, again");
EVERYONE(await_trivial_tasks, "await a trivial task");
EVERYONE(await_trivial_tasks_far, "await a trivial task, noinline");
EVERYONE(yield_among_tasks, "yield, 1 000 tasks");
EVERYONE(spawn_and_await, "spawn and await");
BENCHMARK(by_weft<switch_by_weft>)->Name("switch/weft");
BENCHMARK(switch_by_minimal)->Name("switch/minimal");
BENCHMARK(by_weft<generate_by_weft>)->Name("async generator, an element/weft");

}  // namespace
