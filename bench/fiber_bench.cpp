// SPDX-License-Identifier: Apache-2.0
// What a switch between stacks costs, one way, and a fiber from its making to its end; beside Boost.Context, if it is installed,
// and swapcontext(3). And an element of a generator on a fiber, beside a coroutine's. Called ROW/WHO as in task_bench.cpp.

#include "measuring.hpp"

#include <weft/coro/generator.hpp>
#include <weft/fiber/fiber.hpp>
#include <weft/fiber/fiber_generator.hpp>

#include <benchmark/benchmark.h>
#include <ucontext.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#if __has_include(<boost/context/fiber.hpp>) && defined(WEFT_BENCH_BOOST_CONTEXT)
#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#define WEFT_HAS_BOOST_CONTEXT 1
#endif

namespace {

void switch_by_weft(benchmark::State& state) {
    weft::fiber<> other([] {
        const weft::fiber_ref<> back = weft::this_fiber::parent();
        for (;;) back.switch_to();
    });
    for (auto _ : state) other.switch_to();
    per_element(state, 2);
}
BENCHMARK(switch_by_weft)->Name("switch, one way/weft");

void switch_with_value_by_weft(benchmark::State& state) {
    weft::fiber<int> other([](int n) {
        const weft::fiber_ref<int> back = weft::this_fiber::parent<int>();
        for (;;) n = back.switch_to(n + 1);
        return n;
    });
    for (auto _ : state) benchmark::DoNotOptimize(other.switch_to(1));
    per_element(state, 2);
}
BENCHMARK(switch_with_value_by_weft)->Name("switch with a value, one way/weft");

/// So many that their stacks no longer fit the nearest cache.
void switch_round_by_weft(benchmark::State& state) {
    std::vector<weft::fiber<>> fibers;
    for (int i = 0; i < 1000; ++i) {
        fibers.emplace_back([] {
            const weft::fiber_ref<> back = weft::this_fiber::parent();
            for (;;) back.switch_to();
        });
    }
    for (auto _ : state) {
        for (const weft::fiber<>& f : fibers) f.switch_to();
    }
    per_element(state, 2000);
}
BENCHMARK(switch_round_by_weft)->Name("switch, 1 000 fibers, one way/weft");

void make_by_weft(benchmark::State& state) {
    int sum = 0;
    for (auto _ : state) {
        weft::fiber<> f([&sum] { ++sum; });
        f.switch_to();
    }
    benchmark::DoNotOptimize(sum);
}
BENCHMARK(make_by_weft)->Name("make, run and free/weft");

template <class G>
void yield_by(benchmark::State& state, G g) {
    auto at = g.begin();
    for (auto _ : state) {
        benchmark::DoNotOptimize(*at);
        ++at;
    }
    per_element(state, 1);
}
void yield_by_fiber(benchmark::State& state) {
    yield_by(state, weft::fiber_generator<int>([](auto& yield) {
                 for (int i = 0;; ++i) yield(i);
             }));
}
void yield_by_coroutine(benchmark::State& state) {
    yield_by(state, []() -> weft::generator<int> {
        for (int i = 0;; ++i) co_yield i;
    }());
}
BENCHMARK(yield_by_fiber)->Name("yield/fiber_generator");
BENCHMARK(yield_by_coroutine)->Name("yield/generator");

#ifdef WEFT_HAS_BOOST_CONTEXT
namespace context = boost::context;

context::fiber for_ever() {
    return context::fiber([](context::fiber&& back) {
        for (;;) back = std::move(back).resume();
        return std::move(back);
    });
}

void switch_by_boost(benchmark::State& state) {
    context::fiber other = for_ever();
    for (auto _ : state) other = std::move(other).resume();
    per_element(state, 2);
}
BENCHMARK(switch_by_boost)->Name("switch, one way/Boost.Context");

void switch_round_by_boost(benchmark::State& state) {
    std::vector<context::fiber> fibers;
    for (int i = 0; i < 1000; ++i) fibers.push_back(for_ever());
    for (auto _ : state) {
        for (context::fiber& f : fibers) f = std::move(f).resume();
    }
    per_element(state, 2000);
}
BENCHMARK(switch_round_by_boost)->Name("switch, 1 000 fibers, one way/Boost.Context");

template <class Stacks>
void make_by_boost(benchmark::State& state) {
    Stacks stacks{256 * 1024};
    int sum = 0;
    for (auto _ : state) {
        context::fiber f(std::allocator_arg, stacks, [&sum](context::fiber&& back) {
            ++sum;
            return std::move(back);
        });
        f = std::move(f).resume();
    }
    benchmark::DoNotOptimize(sum);
}
BENCHMARK(make_by_boost<context::fixedsize_stack>)->Name("make, run and free/Boost.Context, malloc");
BENCHMARK(make_by_boost<context::pooled_fixedsize_stack>)->Name("make, run and free/Boost.Context, pooled");
BENCHMARK(make_by_boost<context::protected_fixedsize_stack>)->Name("make, run and free/Boost.Context, guarded");
#endif

ucontext_t here, there;

void switch_by_swapcontext(benchmark::State& state) {
    const auto stack = std::make_unique<std::byte[]>(64 * 1024);
    ::getcontext(&there);
    there.uc_stack.ss_sp = stack.get();
    there.uc_stack.ss_size = 64 * 1024;
    there.uc_link = nullptr;
    ::makecontext(
        &there,
        [] {
            for (;;) ::swapcontext(&there, &here);
        },
        0);
    for (auto _ : state) ::swapcontext(&here, &there);
    per_element(state, 2);
}
BENCHMARK(switch_by_swapcontext)->Name("switch, one way/swapcontext");

}  // namespace
