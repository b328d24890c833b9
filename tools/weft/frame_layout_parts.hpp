// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/frame_layout.hpp"
#include "weft/frame_place.hpp"
#include "weft/function_scan.hpp"

#include <functional>
#include <string>

// What frame_layout.cpp, which knows what coroutines have in common, and frame_layout_clang.cpp and frame_layout_gcc.cpp,
// which know how the compilers put them, tell each other.

/// A coroutine as the symbol table has it.
struct coroutine_symbols {
    std::string base;  // the mangled name of the function itself
    const function_symbol* resume = nullptr;
    const function_symbol* ramp = nullptr;  // what callers call; null where it is inlined everywhere
    const function_symbol* destroy = nullptr;
};

coroutine_layout clang_layout(const debug_info& info, const coroutine_symbols& symbols, const dwarf_die& resume);
coroutine_layout gcc_layout(const debug_info& info, const coroutine_symbols& symbols, const dwarf_die& actor);

/// The members of the frame's type, their kind by `name_of`: it says what a member is and makes its name a readable one.
void take_members(const debug_info& info, const dwarf_die& frame_type, coroutine_layout& into,
                  const std::function<frame_member::kind(std::string& name)>& name_of);

/// The named variables of the function that runs in the frame, and where in the frame they are as far as `frame` can tell.
void take_variables(const debug_info& info, const function_scan& scan, const frame_pointer& frame,
                    coroutine_layout& into);

/// A place where the function suspends, before it is known which of the variables exist there.
struct suspension {
    suspend_point point;
    std::vector<std::uint64_t> blocks;
};
/// Fills in what is live at each: the parameters, and the variables declared around it that the frame has.
void take_suspensions(const function_scan& scan, const frame_pointer& frame, std::vector<suspension> found,
                      coroutine_layout& into);

/// The size that the function asks memory for, where the optimiser has left a trace of it.
std::optional<std::uint64_t> size_asked_for(const debug_info& info, const coroutine_symbols& symbols);
