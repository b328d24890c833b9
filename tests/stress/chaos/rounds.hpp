// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"
#include "stress/command.hpp"
#include "stress/measuring.hpp"

#include <weft/weft.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

namespace stress {

struct totals {
    std::uint64_t visits = 0, cancellations = 0, actors = 0;

    void add(world& w) {
        visits += w.visits;
        cancellations += w.cancellations;
        actors += w.actors().size();
    }
    friend bool operator==(const totals&, const totals&) = default;
};

/// Prints the errors that should have stayed where they were.
template <class Round>
totals run_round(Round round, std::uint64_t seed) {
    try {
        return round(seed);
    } catch (...) {
        fail("a round has thrown: " + weft::describe_exception(std::current_exception()));
    }
}

/// Runs `round(seed)` for one seed after the other, for as long or as often as the options say.
template <class Round>
void run_rounds(const char* command, const options& o, Round round) {
    const stopwatch watch;
    const std::uint64_t first = o.seed.value_or(1);
    std::uint64_t rounds = 0;
    totals all;
    while (o.rounds ? rounds < *o.rounds : watch.seconds() < o.seconds) {
        const std::uint64_t seed = first + rounds;
        set_repeat_command(std::string("stress ") + command + " --rounds 1 --seed " + std::to_string(seed));
        const totals t = run_round(round, seed);
        all.visits += t.visits;
        all.cancellations += t.cancellations;
        all.actors += t.actors;
        ++rounds;
    }
    const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf("%s: seeds %llu to %llu in %.0f s: %llu actors, %llu visits, %llu cancellations\n", command,
                number(first), number(first + rounds - 1), watch.seconds(), number(all.actors), number(all.visits),
                number(all.cancellations));
}

}  // namespace stress
