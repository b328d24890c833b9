// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/snapshot.hpp>
#include <weft/inspect/target_memory.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// Unwinds stacks that lie in the memory of a target, by the call frame information in the files of its code: that is there in a stripped
/// program, too, for exceptions need it. By libdw.
class stack_unwinder {
public:
    explicit stack_unwinder(const weft::target_memory& memory);
    ~stack_unwinder();

    /// An instruction on a stack: in it, or in the call that has led further in.
    struct place {
        std::uint64_t address;
        std::uint64_t in_file;  ///< the same as the file has it
        const std::string* file;  ///< null: it is in none
    };
    /// Innermost first; as far as it goes.
    std::vector<place> unwind(std::uint64_t stack_pointer, std::uint64_t program_counter);

    /// A function's name, mangled, by the symbols of its file; empty if they do not say.
    std::string symbol_at(const place& p) const;

private:
    struct state;
    std::unique_ptr<state> state_;
};
