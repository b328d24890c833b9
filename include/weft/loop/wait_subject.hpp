// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace weft::inline v0 {

/// What a wait is for, as another process finds it: that one cannot call anything here, it can only read. So this says what
/// kind of thing is waited for, and where it is: `at` are distances in bytes, the first from the beginning of the waiter.
///
/// A part of the registry's layout (see registry.hpp): values are added, never changed.
struct wait_subject {
    enum class thing : std::uint32_t {
        unknown = 0,
        deadline = 1,  ///< at[0]: a time of the loop's clock in nanoseconds (64 bits)
        future = 2,  ///< at[0]: -> future
        hooks = 3,  ///< at[0]: a std::vector of hooks; each -> notice, in which at[1]: -> future
        owned_hooks = 4,  ///< at[0]: -> owner, in which at[1]: a std::vector of hooks, as above with at[2]
        group = 5,  ///< at[0]: -> group, at[1]: in it a list of members, at[2]: in a member -> notice, at[3]: as above
        branches = 6,  ///< at[0]: an array of -> waiter, at[1]: of so many elements; a select
        lock = 7,  ///< at[0]: -> lock, in which at[1]: who holds it, a task's id (64 bits), at[2]: since when (a tick)
        peer =
            8,  ///< at[0]: -> stream, in which at[1]: a host's std::string, at[2]: a port (16 bits), at[3]: -> a name in
        ///< place of both
        text = 9,  ///< at[0]: -> std::string
        child = 10,  ///< at[0]: -> child process, in which at[1]: its id (32 bits)
    };
    thing what = thing::unknown;
    std::uint16_t at[4] = {};
};

}  // namespace weft::inline v0
