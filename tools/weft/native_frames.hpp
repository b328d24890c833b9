// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/snapshot.hpp>
#include <weft/inspect/target_memory.hpp>

#include <algorithm>

/// Whether there is any that waits.
inline bool has_fibers(const weft::process_snapshot& p) {
    return std::ranges::any_of(p.loops, [](const weft::loop_snapshot& l) {
        return std::ranges::any_of(l.tasks, [](const weft::task_snapshot& t) { return !t.fibers.empty(); });
    });
}

/// Puts into the stacks of a snapshot, where a fiber is, the ordinary functions on its stack, outermost first, up to the one that waits;
/// with file and line where there is debug information, including what was inlined. Their `frames` are 0. The target is
/// neither stopped nor changed: a fiber that ran on meanwhile is left as it is. @cost for each fiber 0.1 ms; of more than 10 000 no more
void add_native_frames(weft::process_snapshot& p, const weft::target_memory& memory);
