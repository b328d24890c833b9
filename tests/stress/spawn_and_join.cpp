// SPDX-License-Identifier: Apache-2.0
// Millions of tasks spawned and joined: every result arrives, and the memory of the second round is that of the last.
#include "stress/checking.hpp"
#include "stress/command.hpp"
#include "stress/measuring.hpp"

#include <weft/weft.hpp>

#include <cstdio>
#include <vector>

namespace stress {

namespace {

weft::task<std::uint64_t> give(std::uint64_t n) { co_return n; }

weft::task<> one_at_a_time(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        if (co_await weft::create_task(give(i)) != i) fail("a task gave another's result");
    }
}

weft::task<> all_at_once(std::uint64_t count) {
    std::vector<weft::task_handle<std::uint64_t>> handles;
    handles.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) handles.push_back(weft::create_task(give(i)));
    for (std::uint64_t i = 0; i < count; ++i) {
        if (co_await handles[i] != i) fail("a task gave another's result");
    }
}

/// Runs `round(count)` so often, and sees that the heap grows no more after the first two.
template <class Round>
void repeat(const char* what, Round round, std::uint64_t count, std::uint64_t rounds) {
    const stopwatch watch;
    weft::event_loop loop;
    long long warm = 0;
    for (std::uint64_t i = 0; i < rounds; ++i) {
        loop.run_until_complete(round(count));
        const long long now = heap_in_use();
        if (i < 2) warm = now;
        if (measures_heap) require(now <= warm, "the heap grows from round to round");
    }
    const double spent = watch.seconds();
    std::printf("%s: %llu rounds of %llu: %.1f s, %.0f ns each\n", what, static_cast<unsigned long long>(rounds),
                static_cast<unsigned long long>(count), spent,
                spent * 1e9 / static_cast<double>(count) / static_cast<double>(rounds));
}

}  // namespace

void run_spawn_and_join(const options& o) {
    const std::uint64_t count = o.count.value_or(1'000'000), rounds = o.rounds.value_or(10);
    set_repeat_command("stress spawn --count " + std::to_string(count) + " --rounds " + std::to_string(rounds));
    repeat("one at a time", one_at_a_time, count, rounds);
    repeat("all at once", all_at_once, count, rounds);
}

}  // namespace stress
