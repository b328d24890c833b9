// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/debug_info.hpp"
#include "weft/read_memory.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// A parameter or variable of a suspended coroutine.
struct local_value {
    std::string name;
    std::string type;
    std::string value;  // as C++ would have it written; "<optimised out>" where it is not known where it is
    bool is_parameter = false;
};

/// What a coroutine frame holds.
struct frame_values {
    std::string function;
    source_place defined_at;
    std::string
        suspended_at_kind;  // "initial", "await", "yield", "final"; empty: it is not known where it is suspended
    std::optional<unsigned> suspend_index;
    source_place suspended_at;  // a line of 0: not known
    std::vector<local_value> locals;  // those that exist there, parameters first
    std::vector<std::string> notes;   // what cannot be said, and why
};

/// The values in a frame that is suspended, of this or another process or of a core file.
/// @param resume_function  the first word of the frame, or where that is null (the coroutine has finished) the second;
///     less the address that the program was loaded at
/// @param frame  the frame's address, in the memory that `read` reads
/// @param where  where the coroutine is suspended as far as others know: what its promise says. Of use where the frame
///     does not tell, as in an optimised program of Clang's.
/// @return nothing if that function is no coroutine's, or nothing is known of it
std::optional<frame_values> locals_of(const debug_info& info, std::uint64_t resume_function, const read_memory& read,
                                      std::uint64_t frame, const std::optional<source_place>& where = {});
