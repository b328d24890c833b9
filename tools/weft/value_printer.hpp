// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/debug_info.hpp"
#include "weft/dwarf_die.hpp"
#include "weft/read_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// How much of a value is shown.
struct value_limits {
    unsigned depth = 3;     // of classes in classes
    unsigned elements = 8;  // of an array or vector, and members of a class
    unsigned text = 64;     // bytes of a string
};

/// Writes a value in the memory of another program, or of this one, as C++ would have it written: `42`, `"abc"`,
/// `colour::green`, `{x = 1, y = 2.5}`. What the standard library's common types hold is shown, not how they hold it
/// (libstdc++'s; another library's are shown as classes). Nothing in that memory is trusted to be what it should.
class value_printer {
public:
    value_printer(const debug_info& info, read_memory read, value_limits limits = {})
        : info_(info), read_(std::move(read)), limits_(limits) {}

    std::string print(const dwarf_die& type, std::uint64_t address) const {
        return print(type, address, limits_.depth);
    }

private:
    std::string print(const dwarf_die& type, std::uint64_t address, unsigned depth) const;
    std::string number(const dwarf_die& type, std::uint64_t address) const;
    std::string enumerator(const dwarf_die& type, std::uint64_t address) const;
    std::string pointer(const dwarf_die& type, std::uint64_t address) const;
    std::string reference(const dwarf_die& type, std::uint64_t address, unsigned depth) const;
    std::string array(const dwarf_die& type, std::uint64_t address, unsigned depth) const;
    std::string elements(const dwarf_die& type, std::uint64_t address, std::uint64_t count, unsigned depth) const;
    std::string members(const dwarf_die& type, std::uint64_t address, unsigned depth) const;
    std::string bit_field(const dwarf_die& member, const dwarf_die& type, std::uint64_t address) const;
    /// A type of the standard library; nothing if it is none that is known.
    std::optional<std::string> known_class(const dwarf_die& type, std::uint64_t address, unsigned depth) const;

    std::string text(std::uint64_t address, std::uint64_t size) const;
    std::string text_to_nul(std::uint64_t address) const;
    std::optional<std::uint64_t> word(std::uint64_t address, std::size_t bytes = 8) const;

    const debug_info& info_;
    read_memory read_;
    value_limits limits_;
};

/// Text in quotes, with escapes for all that is not printable. `more`: it goes on.
std::string quoted(std::string_view text, bool more = false);
