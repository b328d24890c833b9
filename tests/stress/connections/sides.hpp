// SPDX-License-Identifier: Apache-2.0
// The two sides of `stress connections`, each in a process of its own.
#pragma once

#include "stress/connections/conversation.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace stress {

struct round_plan {
    std::size_t count;  ///< clients
    std::uint64_t seed;
    double seconds;  ///< from when all of them were connected at once
};

/// A round of a side, which begins and ends together with that of the other.
/// @return awaited: what to print
using play_round = weft::task<std::string> (*)(conversation& other, round_plan plan);

/// Clients that come and go until the time is up.
weft::task<std::string> send_clients(conversation& other, round_plan plan);
/// A server that echoes.
weft::task<std::string> serve_clients(conversation& other, round_plan plan);

}  // namespace stress
