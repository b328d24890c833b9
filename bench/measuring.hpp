// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <ctime>

// What the benchmarks that bench/run_tasks.py reads have in common.

/// Says what one of the `elements` that each iteration has made costs.
inline void per_element(benchmark::State& state, int elements = 1) {
    const double made = static_cast<double>(state.iterations()) * elements;
    state.counters["per_element"] = benchmark::Counter(made, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Measures the CPU time of a scope (a busy machine shows less in it than in the time of day), as one iteration with `elements` in it, in a benchmark that has UseManualTime() and Iterations(1).
class stopwatch {
public:
    stopwatch(benchmark::State& state, int elements) : state_(state), elements_(elements) {}
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;
    ~stopwatch() {
        const double passed = now() - start_;
        state_.SetIterationTime(passed);
        state_.counters["per_element"] = passed / elements_;
    }

private:
    static double now() noexcept {
        timespec t{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    }

    benchmark::State& state_;
    int elements_;
    double start_ = now();
};

/// A linear congruence (Knuth's): the peers in other languages draw the same numbers.
class random_numbers {
public:
    std::int64_t below(std::uint64_t limit) noexcept {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::int64_t>((state_ >> 33) % limit);
    }

private:
    std::uint64_t state_ = 1;
};
