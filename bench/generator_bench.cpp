// SPDX-License-Identifier: Apache-2.0
// What an element of a generator costs, beside a plain loop, generators written by hand (peers/minimal_generator.hpp) and,
// where the standard library has it, std::generator. bench/run_generators.py sets CPython beside them.
//
// Each benchmark is called ROW/WHO. The same functions are written for everyone; an iteration makes many elements, and the
// counter says what one of them costs. What is made goes to a sink that the compiler knows nothing about.

#include "peers/minimal_generator.hpp"

#include <weft/coro/generator.hpp>

#include <benchmark/benchmark.h>

#if __has_include(<generator>)
#include <generator>
#endif

#include <ranges>

namespace {

// Sinks that the compiler knows nothing about: one in place, one that is a call.
void sink(int element) { asm volatile("" ::"r"(element)); }
[[gnu::noinline]] void opaque_sink(int element) { asm volatile("" ::"r"(element) : "memory"); }

/// Calls `body(elements)`, which makes about as many.
template <auto Body, int Elements>
void measure(benchmark::State& state) {
    for (auto _ : state) Body(Elements);
    const double made = static_cast<double>(state.iterations()) * Elements;
    state.counters["per_element"] = benchmark::Counter(made, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// The loop over a generator, as if written where it is used: else the compiler's taste for inlining is measured as well.

constexpr auto by_range = []<class G> [[gnu::always_inline]] (G&& generator, auto to) {
    for (auto&& element : generator) to(element);
};
constexpr auto by_next = []<class G> [[gnu::always_inline]] (G&& generator, auto to) {
    if constexpr (requires { generator.element(); }) {
        while (generator.next()) to(generator.element());
    } else {
        while (auto element = generator.next()) to(*element);
    }
};

// The generators

template <class G>
G count(int n) {
    for (int i = 0; i < n; ++i) co_yield i;
}
template <class G>
[[gnu::noinline]] G count_far(int n) {
    for (int i = 0; i < n; ++i) co_yield i;
}

using minimal::delegating;
using weft_generator = weft::generator<int>;

/// What each delegates with.
weft::delegation<weft_generator> delegate(weft_generator&& inner) { return weft::from(std::move(inner)); }
delegating delegate(delegating&& inner) { return std::move(inner); }
#ifdef __cpp_lib_generator
auto delegate(std::generator<int>&& inner) { return std::ranges::elements_of(std::move(inner)); }
#endif

/// In order, the numbers of a perfectly balanced tree: an empty subtree is a generator too.
template <class G>
G tree(int low, int high) {
    if (low >= high) co_return;
    const int middle = low + (high - low) / 2;
    co_yield delegate(tree<G>(low, middle));
    co_yield middle;
    co_yield delegate(tree<G>(middle + 1, high));
}
template <class G>
G chain(int depth, int n) {
    if (depth == 0) {
        for (int i = 0; i < n; ++i) co_yield i;
    } else {
        co_yield delegate(chain<G>(depth - 1, n));
    }
}

weft::generator<double, double> averager() {
    double sum = 0;
    double mean = 0;
    for (int n = 1;; ++n) {
        sum += co_yield mean;
        mean = sum / n;
    }
}

// The rows

[[gnu::noinline]] void plain_loop(int n) {
    for (int i = 0; i < n; ++i) sink(i);
}
[[gnu::noinline]] void plain_loop_opaque(int n) {
    for (int i = 0; i < n; ++i) opaque_sink(i);
}
template <class G, auto For>
[[gnu::noinline]] void inlinable(int n) {
    For(count<G>(n), sink);
}
template <class G, auto For>
[[gnu::noinline]] void inlinable_opaque(int n) {
    For(count<G>(n), opaque_sink);
}
template <class G, auto For>
[[gnu::noinline]] void noinline_function(int n) {
    For(count_far<G>(n), sink);
}
template <class G>
[[gnu::noinline]] void create(int n) {
    for (int i = 0; i < n; ++i) {
        G generator = count_far<G>(3);
        if constexpr (requires { generator.element(); }) {
            generator.next();
            sink(generator.element());
        } else if constexpr (requires { generator.next(); }) {
            sink(*generator.next());
        } else {
            sink(*generator.begin());
        }
    }
}
template <class G, auto For>
[[gnu::noinline]] void walk_tree(int n) {
    For(tree<G>(0, n), sink);
}
template <class G, auto For>
[[gnu::noinline]] void down_chain(int n) {
    For(chain<G>(1000, n), sink);
}
[[gnu::noinline]] void send_to_averager(int n) {
    auto mean = averager();
    mean.next();
    for (int i = 0; i < n; ++i) sink(static_cast<int>(*mean.send(i)));
}

constexpr int many = 1'000'000;
constexpr int perfect_tree = (1 << 20) - 1;

#define ROW(name, ...) BENCHMARK(measure<__VA_ARGS__, many>)->Name(name)

ROW("inlinable/loop", plain_loop);
ROW("inlinable/minimal", inlinable<minimal::generator<int>, by_next>);
ROW("inlinable/weft range-for", inlinable<weft_generator, by_range>);
ROW("inlinable/weft next()", inlinable<weft_generator, by_next>);

ROW("inlinable, opaque call/loop", plain_loop_opaque);
ROW("inlinable, opaque call/minimal", inlinable_opaque<minimal::generator<int>, by_next>);
ROW("inlinable, opaque call/weft range-for", inlinable_opaque<weft_generator, by_range>);
ROW("inlinable, opaque call/weft next()", inlinable_opaque<weft_generator, by_next>);

ROW("noinline function/minimal", noinline_function<minimal::generator<int>, by_next>);
ROW("noinline function/weft range-for", noinline_function<weft_generator, by_range>);
ROW("noinline function/weft next()", noinline_function<weft_generator, by_next>);

ROW("create, one value, destroy/minimal", create<minimal::generator<int>>);
ROW("create, one value, destroy/minimal, recycled", create<delegating>);
ROW("create, one value, destroy/weft next()", create<weft_generator>);

BENCHMARK(measure<walk_tree<delegating, by_next>, perfect_tree>)->Name("tree of depth 20/minimal, recycled");
BENCHMARK(measure<walk_tree<weft_generator, by_range>, perfect_tree>)->Name("tree of depth 20/weft range-for");
BENCHMARK(measure<walk_tree<weft_generator, by_next>, perfect_tree>)->Name("tree of depth 20/weft next()");

ROW("chain 1 000 deep/minimal, recycled", down_chain<delegating, by_next>);
ROW("chain 1 000 deep/weft range-for", down_chain<weft_generator, by_range>);
ROW("chain 1 000 deep/weft next()", down_chain<weft_generator, by_next>);

ROW("averager/weft send()", send_to_averager);

#ifdef __cpp_lib_generator
using std_generator = std::generator<int>;

ROW("inlinable/std::generator", inlinable<std_generator, by_range>);
ROW("inlinable, opaque call/std::generator", inlinable_opaque<std_generator, by_range>);
ROW("noinline function/std::generator", noinline_function<std_generator, by_range>);
ROW("create, one value, destroy/std::generator", create<std_generator>);
BENCHMARK(measure<walk_tree<std_generator, by_range>, perfect_tree>)->Name("tree of depth 20/std::generator");
ROW("chain 1 000 deep/std::generator", down_chain<std_generator, by_range>);
#endif

}  // namespace
