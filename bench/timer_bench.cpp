// SPDX-License-Identifier: Apache-2.0
// What 1 000 000 live timers cost: scheduled, cancelled, fired, re-armed. As timers inside their owners, which is how
// sleep() and what else waits has them, beside a wheel written by hand (peers/minimal_timer.hpp), and as callbacks of
// call_at(). Called ROW/WHO as in task_bench.cpp; bench/run_tasks.py sets asyncio, Go and tokio beside them.
//
// All draw the same deadlines: within a minute, in random order; those that fire, within a second, and they fire when all
// of them are due.

#include "measuring.hpp"
#include "peers/minimal_timer.hpp"

#include <weft/weft.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr int many = 1'000'000;
constexpr int kept = 100'000;
constexpr weft::nanos second = 1'000'000'000;

long fired = 0;

void sleep_until_due(weft::nanos soon) { std::this_thread::sleep_until(weft::to_time_point(soon) + 1010ms); }

// Each kind has timers that can be scheduled (again) and cancelled, and a loop that fires them.

class weft_timers {
public:
    explicit weft_timers(int count) : timers_(static_cast<std::size_t>(count)) {}
    weft::nanos now() const { return loop_.now(); }
    void schedule(int i, weft::nanos deadline) { loop_.add_timer(timers_[static_cast<std::size_t>(i)], deadline); }
    void reschedule(int i, weft::nanos deadline) { schedule(i, deadline); }
    void cancel(int i) { timers_[static_cast<std::size_t>(i)].unlink(); }
    weft::yield_awaiter fire() { return weft::yield_now(); }

private:
    struct timer : weft::timer_node {
        timer() noexcept : timer_node([](timer_node&) { ++fired; }) {}
    };
    weft::event_loop& loop_ = weft::get_running_loop();
    std::vector<timer> timers_;
};

class weft_callbacks {
public:
    explicit weft_callbacks(int count) : timers_(static_cast<std::size_t>(count)) {}
    weft::nanos now() const { return loop_.now(); }
    void schedule(int i, weft::nanos deadline) {
        timers_[static_cast<std::size_t>(i)] = loop_.call_at(weft::to_time_point(deadline), [] { ++fired; });
    }
    void reschedule(int i, weft::nanos deadline) {
        cancel(i);
        schedule(i, deadline);
    }
    void cancel(int i) { timers_[static_cast<std::size_t>(i)].cancel(); }
    weft::yield_awaiter fire() { return weft::yield_now(); }

private:
    weft::event_loop& loop_ = weft::get_running_loop();
    std::vector<weft::timer_handle> timers_;
};

class minimal_timers {
public:
    explicit minimal_timers(int count)
        : wheel_(std::make_unique<minimal::timer_wheel>(now())), timers_(static_cast<std::size_t>(count)) {
        for (minimal::timer& t : timers_) t.fire = [](minimal::timer&) { ++fired; };
    }
    weft::nanos now() const { return weft::to_nanos(weft::clock::now()); }
    void schedule(int i, weft::nanos deadline) {
        minimal::timer& t = timers_[static_cast<std::size_t>(i)];
        t.deadline = deadline;
        wheel_->add(t);
    }
    void reschedule(int i, weft::nanos deadline) {
        cancel(i);
        schedule(i, deadline);
    }
    void cancel(int i) { timers_[static_cast<std::size_t>(i)].unlink(); }
    std::suspend_never fire() {
        wheel_->advance(now());
        return {};
    }

private:
    std::unique_ptr<minimal::timer_wheel> wheel_;
    std::vector<minimal::timer> timers_;
};

// The work

template <class Timers>
void schedule_all(Timers& timers, int count, weft::nanos from, std::uint64_t within) {
    random_numbers random;
    for (int i = 0; i < count; ++i) timers.schedule(i, from + random.below(within));
}

template <class Timers>
weft::task<> schedule(benchmark::State& state) {
    Timers timers(many);
    for (auto _ : state) {
        const stopwatch measured(state, many);
        schedule_all(timers, many, timers.now() + 10 * second, 60 * second);
    }
    for (int i = 0; i < many; ++i) timers.cancel(i);
    co_return;
}

template <class Timers>
weft::task<> cancel(benchmark::State& state) {
    Timers timers(many);
    schedule_all(timers, many, timers.now() + 10 * second, 60 * second);
    for (auto _ : state) {
        const stopwatch measured(state, many);
        for (int i = 0; i < many; ++i) timers.cancel(i);
    }
    co_return;
}

template <class Timers>
weft::task<> fire(benchmark::State& state) {
    Timers timers(many);
    const weft::nanos soon = timers.now() + second / 2;
    schedule_all(timers, many, soon, second);
    sleep_until_due(soon);
    fired = 0;
    for (auto _ : state) {
        const stopwatch measured(state, many);
        while (fired < many) co_await timers.fire();
    }
}

template <class Timers>
weft::task<> re_arm(benchmark::State& state) {
    Timers timers(kept);
    const weft::nanos far = timers.now() + 10 * second;
    schedule_all(timers, kept, far, 60 * second);
    random_numbers random;
    for (auto _ : state) {
        const stopwatch measured(state, many);
        for (int i = 0; i < many; ++i) timers.reschedule(i % kept, far + random.below(60 * second));
    }
    for (int i = 0; i < kept; ++i) timers.cancel(i);
    co_return;
}

/// What a coroutine adds: a task that sleeps is woken and ends.
weft::task<> sleeping(weft::nanos deadline) {
    co_await weft::sleep_until(weft::to_time_point(deadline));
    ++fired;
}
weft::task<> fire_sleeping_tasks(benchmark::State& state) {
    random_numbers random;
    const weft::nanos soon = weft::get_running_loop().now() + second;
    for (int i = 0; i < many; ++i) weft::spawn(sleeping(soon + random.below(second)));
    co_await weft::yield_now();
    sleep_until_due(soon);
    fired = 0;
    for (auto _ : state) {
        const stopwatch measured(state, many);
        while (fired < many) co_await weft::yield_now();
    }
}

template <weft::task<> (*Body)(benchmark::State&)>
void on_a_loop(benchmark::State& state) {
    weft::run(Body(state));
}

#define EVERYONE(body, row)                                                                                            \
    BENCHMARK(on_a_loop<body<weft_timers>>)->Name("timer, " row "/weft")->Iterations(1)->UseManualTime();              \
    BENCHMARK(on_a_loop<body<minimal_timers>>)->Name("timer, " row "/minimal")->Iterations(1)->UseManualTime();        \
    BENCHMARK(on_a_loop<body<weft_callbacks>>)->Name("callback, " row "/weft")->Iterations(1)->UseManualTime()

EVERYONE(schedule, "schedule");
EVERYONE(cancel, "cancel");
EVERYONE(fire, "fire");
EVERYONE(re_arm, "re-arm");
BENCHMARK(on_a_loop<fire_sleeping_tasks>)->Name("sleeping task, fire/weft")->Iterations(1)->UseManualTime();

}  // namespace
