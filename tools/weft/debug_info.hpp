// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

class dwarf_die;

/// A function of the symbol table.
struct function_symbol {
    std::string name;  // mangled
    std::uint64_t address = 0;
    std::uint64_t size = 0;
};

/// A place in the source.
struct source_place {
    std::string file;
    unsigned line = 0;
    unsigned column = 0;
};

/// A function that was called, and where it is: at the address that was asked for, or in a call.
struct called_function {
    std::string symbol;  // mangled; empty: it has none
    std::string name;
    source_place at;
};

/// The debug information of a linked program or shared library, its own or in a separate file that the system knows of
/// (by build id or .gnu_debuglink). All addresses are those of the file: what it was loaded at is subtracted by the caller.
/// Read lazily, so not to be used by several threads at once.
class debug_info {
public:
    /// @throws std::runtime_error  saying what the file is, if it is nothing that has debug information
    explicit debug_info(const std::string& path);
    ~debug_info();
    debug_info(debug_info&&) noexcept;

    const std::string& path() const noexcept;

    /// Sorted by name; an alias of a function is one more.
    const std::vector<function_symbol>& functions() const noexcept;
    const function_symbol* function_named(std::string_view mangled) const noexcept;
    /// The one that `address` is in.
    const function_symbol* function_around(std::uint64_t address) const noexcept;

    /// The entry of the function that begins at `address`.
    std::optional<dwarf_die> function_at(std::uint64_t address) const;
    /// Where the instruction at `address` comes from.
    std::optional<source_place> place_of(std::uint64_t address) const;
    /// The function that it is in; and if that is inlined into another one, that as well, and so on: the innermost first.
    std::vector<called_function> functions_around(std::uint64_t address) const;
    /// Machine code; less than `size` bytes where the file has no more.
    std::vector<std::byte> code(std::uint64_t address, std::uint64_t size) const;
    /// The machine that the code is for, one of EM_X86_64, EM_AARCH64, … in elf.h.
    unsigned machine() const noexcept;

    /// A type's or function's name with the namespaces and classes it is in.
    std::string qualified_name(const dwarf_die& die) const;
    /// The same type where some other unit defines what this one declares only; else itself.
    dwarf_die definition_of(const dwarf_die& type) const;

private:
    struct state;
    std::unique_ptr<state> state_;
};
