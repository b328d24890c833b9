// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/debug_info.hpp"
#include "weft/dwarf_die.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

/// The units of a program's debug information, one for each of its source files, and what is looked up across them. A unit
/// is read when something in it is first asked for.
class debug_units {
public:
    explicit debug_units(Dwarf* dwarf);

    /// Whether the most is elsewhere, in .dwo files.
    bool are_split() const noexcept { return split_; }

    std::optional<dwarf_die> function_at(std::uint64_t address);
    std::optional<source_place> place_of(std::uint64_t address);
    std::vector<called_function> functions_around(std::uint64_t address);
    std::string qualified_name(const dwarf_die& die);
    dwarf_die definition_of(const dwarf_die& type);

private:
    struct range {
        std::uint64_t begin, end;
        std::size_t unit;
    };
    struct entry {
        dwarf_die self, parent;
    };
    struct unit {
        explicit unit(const Dwarf_Die& d) : die(d) {}
        dwarf_die die;
        bool outer_read = false, all_read = false;
        std::unordered_map<std::uint64_t, dwarf_die> functions;  // by where they begin
        std::unordered_map<std::uint64_t, entry> named;  // types, functions, namespaces and blocks, by offset
    };

    unit* unit_of(std::uint64_t address);
    unit* unit_of(const dwarf_die& die);
    std::optional<dwarf_die> function_around(unit& u, std::uint64_t address);
    void read(unit& u, bool function_bodies);
    void read(unit& u, const dwarf_die& parent, bool function_bodies);
    void read_definitions();

    std::vector<unit> units_;
    std::vector<range> ranges_;  // sorted
    std::unordered_map<std::uint64_t, std::size_t> by_offset_;
    std::unordered_map<std::string, dwarf_die> definitions_;
    bool definitions_read_ = false;
    bool split_ = false;
};
