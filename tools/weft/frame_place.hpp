// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/dwarf_die.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// An address as the debug information describes it, without a machine to compute it on: what some registers and memory
/// hold, plus a number. "*(fb-8)"+24 is 24 bytes after what the function keeps 8 bytes below its frame base.
struct symbolic_address {
    std::string base;
    std::int64_t offset = 0;
    bool operator==(const symbolic_address&) const = default;
};

/// A piece of a variable, for a part of its function's code.
struct variable_piece {
    enum class kind { memory, value, other };  // in memory; only its value is known, and it is an address; elsewhere
    kind where = kind::other;
    symbolic_address address;
    std::uint64_t begin = 0, end = 0;  // the code this is true for; both 0: all of the function
    std::uint64_t at = 0;  // where in the variable the piece begins
};

/// All that the debug information says of where a variable is.
std::vector<variable_piece> pieces_of(const dwarf_die& variable);

/// A constant that a variable has, in some part of the code at least.
std::optional<std::uint64_t> constant_of(const dwarf_die& variable);
/// The same of an attribute that is an expression.
std::optional<std::uint64_t> constant_in(const dwarf_die& entry, unsigned attribute);

/// Where a function that runs in a coroutine frame has the address of that frame, at the instructions it is known for.
class frame_pointer {
public:
    /// A variable that is the frame, as Clang's __coro_frame.
    void learn_from_frame(const dwarf_die& variable);
    /// A variable that points to the frame, as GCC's frame_ptr.
    void learn_from_pointer(const dwarf_die& variable);
    /// The function's first argument, which is the frame, `reg` being the register of the machine's first argument.
    void learn_from_entry(unsigned reg);
    bool is_known() const noexcept { return !known_.empty(); }

    /// How far into the frame a variable is kept: there wherever it is in memory at all, and never anywhere else.
    std::optional<std::uint64_t> home_of(const dwarf_die& variable) const;
    /// The same for one that moves, if at the instruction at `pc` it is in the frame.
    std::optional<std::uint64_t> home_of(const dwarf_die& variable, std::uint64_t pc) const;

private:
    std::optional<std::int64_t> distance(const variable_piece& piece) const;
    void learn(symbolic_address frame);

    std::map<std::string, std::int64_t> known_;  // what is added to which base to have the frame's address
};
