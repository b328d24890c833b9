// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/debug_info.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// A direct call instruction.
struct machine_call {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
};

/// Every direct call in a function, in the order of their addresses. Without call-site entries, which compilers write only
/// when they optimise, this is how it is known where a function calls another. On x86-64 each byte that could begin a call
/// is taken for one; the caller asks what the call aims at, and that such bytes happen to aim at the first of a function is
/// unlikely enough.
/// @return nothing for machines it does not know
std::vector<machine_call> direct_calls(const debug_info& info, const function_symbol& caller);

/// The number that debug information has for the register of a function's argument.
std::optional<unsigned> argument_register(const debug_info& info, unsigned argument);
