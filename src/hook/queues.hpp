// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hook/shim.hpp"

// Fibers that wait for a mutex or a condition variable, by its address: of all threads, in a table of queues. libc's objects have no
// room for them.

namespace weft_hook {

/// One of them, on its stack.
struct queued {
    weft_hook_parking* parking = nullptr;
    const void* key = nullptr;
    queued* next = nullptr;
    bool in_line = false;
};

void join(queued& q, const void* key) noexcept;
/// @return whether somebody has woken it
bool leave(queued& q) noexcept;

/// Wakes the first that waits for `key`, or all. Cheap where nobody waits for anything near it. @thread any
void wake_waiting(const void* key, bool all) noexcept;

}  // namespace weft_hook
