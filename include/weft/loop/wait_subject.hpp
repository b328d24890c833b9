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
        /// at[0]: a time of the loop's clock in nanoseconds (64 bits)
        deadline = 1,
        /// at[0]: -> future
        future = 2,
        /// at[0]: a std::vector of hooks; each -> notice, in which at[1]: -> future. All of them are waited for.
        hooks = 3,
        /// at[0]: -> owner, in which at[1]: a std::vector of hooks, as above with at[2]. One of them is enough.
        owned_hooks = 4,
        /// at[0]: -> group, at[1]: in it a list of members, at[2]: in a member -> notice, at[3]: as above
        group = 5,
        /// at[0]: an array of -> waiter, at[1]: of so many elements; a select
        branches = 6,
        /// at[0]: -> lock, in which at[1]: the id of the task that locked it (64 bits; 0: none), at[2]: since when (a tick)
        lock = 7,
        /// at[0]: -> stream, in which at[1]: a host's std::string, at[2]: a port (16 bits), at[3]: -> a name in place of both
        peer = 8,
        /// at[0]: -> std::string
        text = 9,
        /// at[0]: -> child process, in which at[1]: its id (32 bits)
        child = 10,
        /// As hooks, and at[2]: 32 bits, 2 if all are waited for; at[3]: a byte that is not 0 if it ends at some time
        some_hooks = 11,
        /// at[0]: -> an array of pollfd, at[1]: of so many (64 bits)
        descriptors = 12,
    };
    thing what = thing::unknown;
    std::uint16_t at[4] = {};
};

}  // namespace weft::inline v0
