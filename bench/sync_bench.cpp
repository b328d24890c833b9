// SPDX-License-Identifier: Apache-2.0
// What locks, semaphores, queues and channels cost. `make bench`, or build/release/bench/sync_bench.

#include <weft/sync/channel.hpp>
#include <weft/sync/condition.hpp>
#include <weft/sync/lock.hpp>
#include <weft/sync/priority_queue.hpp>
#include <weft/sync/queue.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/weft.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>

namespace {

weft::task<> lock_uncontended(benchmark::State& state) {
    weft::lock l;
    for (auto _ : state) {
        const auto held = co_await l.acquire();
        benchmark::DoNotOptimize(&held);
    }
}

weft::task<> semaphore_uncontended(benchmark::State& state) {
    weft::semaphore s(3);
    for (auto _ : state) {
        const auto permit = co_await s.acquire();
        benchmark::DoNotOptimize(&permit);
    }
}

weft::task<> take_in_turns(weft::lock& l, const bool& stop) {
    while (!stop) const auto held = co_await l.acquire();
}

/// An iteration is one acquisition by each of two tasks: each waits for the other's release.
weft::task<> lock_ping_pong(benchmark::State& state) {
    weft::lock l;
    bool stop = false;
    auto held = co_await l.acquire();
    const auto other = weft::create_task(take_in_turns(l, stop));
    co_await weft::yield_now();
    for (auto _ : state) {
        held.release();
        held = co_await l.acquire();
    }
    state.SetItemsProcessed(2 * state.iterations());
    stop = true;
    held.release();
    co_await other;
}

weft::task<> answer(weft::queue<int>& in, weft::queue<int>& out) {
    for (;;) {
        const int i = co_await in.get();
        if (i < 0) co_return;
        out.try_put(i);
    }
}

/// An iteration is a hand-over there and one back, each with a switch of tasks.
weft::task<> queue_ping_pong(benchmark::State& state) {
    weft::queue<int> there, back;
    const auto other = weft::create_task(answer(there, back));
    for (auto _ : state) {
        there.try_put(1);
        benchmark::DoNotOptimize(co_await back.get());
    }
    state.SetItemsProcessed(2 * state.iterations());
    there.try_put(-1);
    co_await other;
}

weft::task<> get_all(weft::queue<int>& q) {
    while (co_await q.get() >= 0) {
    }
}

/// An iteration is an item from one task to another; the argument is how many the queue can have.
weft::task<> queue_stream(benchmark::State& state) {
    weft::queue<int> q{static_cast<std::size_t>(state.range(0))};
    const auto consumer = weft::create_task(get_all(q));
    for (auto _ : state) co_await q.put(1);
    state.SetItemsProcessed(state.iterations());
    co_await q.put(-1);
    co_await consumer;
}

weft::task<> receive_all(weft::channel<int>& c) {
    while (co_await c.receive()) {
    }
}

/// An iteration is a value from one task to another; the argument is the capacity.
weft::task<> channel_stream(benchmark::State& state) {
    weft::channel<int> c{static_cast<std::size_t>(state.range(0))};
    const auto consumer = weft::create_task(receive_all(c));
    for (auto _ : state) co_await c.send(1);
    state.SetItemsProcessed(state.iterations());
    c.close();
    co_await consumer;
}

weft::task<> answer(weft::channel<int>& in, weft::channel<int>& out) {
    while (auto i = co_await in.receive()) co_await out.send(*i);
}

/// An iteration is a hand-over there and one back.
weft::task<> channel_ping_pong(benchmark::State& state) {
    weft::channel<int> there, back;
    const auto other = weft::create_task(answer(there, back));
    for (auto _ : state) {
        co_await there.send(1);
        benchmark::DoNotOptimize(co_await back.receive());
    }
    state.SetItemsProcessed(2 * state.iterations());
    there.close();
    co_await other;
}

weft::task<> queue_alone(benchmark::State& state) {
    weft::queue<int> q;
    for (auto _ : state) {
        co_await q.put(1);
        benchmark::DoNotOptimize(co_await q.get());
    }
}

/// The argument is how many items there are besides.
weft::task<> priority_queue_alone(benchmark::State& state) {
    weft::priority_queue<long> q;
    for (long i = 0; i < state.range(0); ++i) q.try_put(i * 7919 % 10'007);
    long next = 0;
    for (auto _ : state) {
        co_await q.put((next += 7919) % 10'007);
        benchmark::DoNotOptimize(co_await q.get());
    }
}

weft::task<> wait_and_answer(weft::condition& c, int& turn) {
    const auto held = co_await c.acquire();
    for (;;) {
        co_await c.wait_for([&] { return turn != 0; });
        if (turn < 0) co_return;
        turn = 0;
        c.notify();
    }
}

/// An iteration is a notification there and one back.
weft::task<> condition_ping_pong(benchmark::State& state) {
    weft::condition c;
    int turn = 0;
    const auto other = weft::create_task(wait_and_answer(c, turn));
    co_await weft::yield_now();
    {
        const auto held = co_await c.acquire();
        for (auto _ : state) {
            turn = 1;
            c.notify();
            co_await c.wait_for([&] { return turn == 0; });
        }
        turn = -1;
        c.notify();
    }
    state.SetItemsProcessed(2 * state.iterations());
    co_await other;
}

template <weft::task<> (*Body)(benchmark::State&)>
void on_a_loop(benchmark::State& state) {
    weft::run(Body(state));
}

BENCHMARK(on_a_loop<lock_uncontended>)->Name("lock, nobody waits");
BENCHMARK(on_a_loop<semaphore_uncontended>)->Name("semaphore, nobody waits");
BENCHMARK(on_a_loop<lock_ping_pong>)->Name("lock, two tasks in turns");
BENCHMARK(on_a_loop<condition_ping_pong>)->Name("condition, there and back");
BENCHMARK(on_a_loop<queue_alone>)->Name("queue, put and get by one task");
BENCHMARK(on_a_loop<priority_queue_alone>)->Name("priority queue, put and get among items")->Arg(10)->Arg(1000);
BENCHMARK(on_a_loop<queue_ping_pong>)->Name("queue, there and back");
BENCHMARK(on_a_loop<queue_stream>)->Name("queue, a stream of items, maxsize")->Arg(1)->Arg(100);
BENCHMARK(on_a_loop<channel_ping_pong>)->Name("channel, there and back");
BENCHMARK(on_a_loop<channel_stream>)->Name("channel, a stream of values, capacity")->Arg(0)->Arg(1)->Arg(100);

}  // namespace
