// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace stress {

/// What can be said on the command line; each command has defaults of its own.
struct options {
    std::optional<std::uint64_t> count;   ///< tasks or timers
    std::optional<std::uint64_t> rounds;  ///< how often
    std::optional<std::uint64_t> seed;    ///< of the first round; each further round has the next one
    double seconds = 2;                   ///< how long, unless `rounds` is said; of connections, all rounds together
};

// The commands. Each ends the program by fail() if something does not hold.

/// Tasks that sleep, all at once; then all of them cancelled.
void run_sleepers(const options& o);
/// Tasks spawned and joined, one at a time and all at once.
void run_spawn_and_join(const options& o);
/// Timers made and cancelled in random order; what is left fires in the order of its deadlines.
void run_timers(const options& o);
/// Random cancellation on the virtual clock: a seed is a round, the same one every time.
void run_chaos(const options& o);
/// Random cancellation on real loops and threads.
void run_threaded_chaos(const options& o);
/// Connections that open, talk, close and are cancelled at random: what is left open and held returns to the start.
void run_connections(const options& o);

}  // namespace stress
