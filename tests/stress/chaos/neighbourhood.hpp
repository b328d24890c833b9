// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stress/chaos/world.hpp"

#include <weft/exec/thread_pool.hpp>
#include <weft/loop/event_loop.hpp>

#include <atomic>
#include <memory>
#include <vector>

namespace stress {

/// A loop, its world, and what the others have done there.
struct house {
    explicit house(const world::settings& s) : inside(s) {}

    world inside;
    weft::event_loop* loop = nullptr;  ///< known to all before anybody acts
    long long rung =
        0;  ///< how often somebody rang: its own thread's alone, without an atomic, for the thread sanitizer
    std::atomic<long long> tried = 0, heard = 0,
                           posted = 0;  ///< rings that were begun, that were answered, that need no answer
};

/// Worlds on as many threads, which call on each other. It outlives the loops.
struct neighbourhood {
    std::vector<std::unique_ptr<house>> houses;
    weft::thread_pool pool{3, "stress"};
    std::atomic<int> calls = 0;  ///< what threads have been given and not destroyed yet
    std::atomic<std::size_t> inhabited = 0;  ///< houses whose loops are there
    std::atomic<std::size_t> acting = 0;  ///< houses where something still happens of itself
};

}  // namespace stress
