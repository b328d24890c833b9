// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/debug_info.hpp"
#include "weft/dwarf_die.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Something that a coroutine keeps in its frame.
struct frame_member {
    enum class kind { bookkeeping, promise, parameter, variable, temporary };
    kind what = kind::variable;
    std::string name;  // a temporary has none
    std::string type;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::optional<dwarf_die> type_entry;
};

/// A parameter or variable that the source names.
struct frame_variable {
    std::string name;
    std::string type;
    std::uint64_t size = 0;
    std::optional<std::uint64_t>
        offset;  // unknown: optimised, it is moved about, or the debug information does not say
    bool is_parameter = false;
    bool is_named = true;  // by the source; the compiler has some for itself, as for a `for` over a range
    dwarf_die entry;
};

/// A variable that exists at a suspend point.
struct live_variable {
    std::size_t variable;                 // its place in coroutine_layout::variables
    std::optional<std::uint64_t> offset;  // in the frame, there
};

/// A place where a coroutine may be suspended.
struct suspend_point {
    std::string kind;    // "initial", "await", "yield", "final"
    source_place place;  // a line of 0: unknown
    std::uint64_t pc = 0;  // where it suspends, in the resume function; 0: unknown
    std::vector<live_variable> live;
};

/// A coroutine function and the frame it makes.
struct coroutine_layout {
    std::string name;
    source_place place;
    std::string compiler;
    std::uint64_t resume_address = 0;
    std::optional<std::uint64_t> size;           // of the frame
    bool has_layout = false;                     // the debug information describes the frame as one type
    std::vector<frame_member> members;           // by offset
    std::vector<frame_variable> variables;       // as declared: an inner block's after those around it
    std::vector<suspend_point> suspend_points;   // in the order of their numbers
    bool has_every_point = true;                 // or some have left no trace, and the numbers are not known
    std::optional<frame_member> index;           // where the frame has the number of the point it is suspended at
    unsigned first_index = 0, index_step = 1;    // the first point's, and what it grows by
    std::vector<std::string> notes;              // what cannot be said of this one, and why
};

/// Every coroutine function of a program that has code of its own. One whose frame the optimiser has left out everywhere
/// has none. By size, the largest first; those of unknown size last.
std::vector<coroutine_layout> coroutines_of(const debug_info& info);

/// The coroutine that `address`, the first word of its frames, resumes. (Or the second, which destroys it.)
std::optional<coroutine_layout> coroutine_resumed_at(const debug_info& info, std::uint64_t address);
