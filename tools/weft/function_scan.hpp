// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/dwarf_die.hpp"

#include <cstdint>
#include <vector>

/// What the debug information of one function holds, flat: its variables, and what was inlined into it, each with the
/// blocks it is in. What is within an inlined function is that one's and not listed.
struct function_scan {
    explicit function_scan(const dwarf_die& function);

    struct variable {
        dwarf_die entry;
        std::uint64_t block;  // the innermost it is in, as dwarf_die::offset(); the function's own for parameters
        bool is_parameter;
    };
    struct call {
        dwarf_die entry;  // a function inlined here, or a call
        std::vector<std::uint64_t> blocks;
        bool is_inlined;
    };
    std::vector<variable> variables;
    std::vector<call> calls;
    std::vector<call> labels;

    /// The blocks that the instruction at `pc` is in, the function's own among them.
    std::vector<std::uint64_t> blocks_around(std::uint64_t pc) const;
    /// The variables that exist in `blocks` at a line: those declared before it.
    std::vector<std::size_t> declared_in(const std::vector<std::uint64_t>& blocks, unsigned line) const;

private:
    void read(const dwarf_die& block);
    std::vector<dwarf_die> blocks_;
    std::vector<std::uint64_t> around_;  // while reading
};
