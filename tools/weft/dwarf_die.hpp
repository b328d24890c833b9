// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// One entry of a program's debug information: a function, a variable, a type. Cheap to copy; valid as long as the
/// debug_info it came from. Attributes are looked for in what it completes, too (its declaration, its abstract origin).
class dwarf_die {
public:
    explicit dwarf_die(const Dwarf_Die& raw) noexcept : raw_(raw) {}

    unsigned tag() const noexcept { return static_cast<unsigned>(dwarf_tag(raw())); }
    /// Its place in the debug information, by which two of the same file are compared.
    std::uint64_t offset() const noexcept { return dwarf_dieoffset(raw()); }
    bool operator==(const dwarf_die& other) const noexcept { return offset() == other.offset(); }

    std::string name() const;
    /// The mangled name; of an inlined or unnamed function's copy, that of the function itself.
    std::string linkage_name() const;
    bool has(unsigned attribute) const noexcept { return dwarf_hasattr_integrate(raw(), attribute); }
    bool flag(unsigned attribute) const noexcept;
    /// That there is such a thing, not what it is.
    bool is_declaration() const noexcept { return dwarf_hasattr(raw(), DW_AT_declaration); }
    std::optional<std::uint64_t> number(unsigned attribute) const noexcept;
    std::optional<std::int64_t> signed_number(unsigned attribute) const noexcept;
    std::optional<std::string> text(unsigned attribute) const;
    std::optional<dwarf_die> reference(unsigned attribute = DW_AT_type) const noexcept;
    std::vector<dwarf_die> children() const;

    std::optional<std::uint64_t> low_pc() const;
    /// Of each piece of its code: there are several where the optimiser has put apart what seldom runs.
    std::vector<std::uint64_t> beginnings() const;
    bool covers(std::uint64_t address) const noexcept { return dwarf_haspc(raw(), address) > 0; }
    /// Where it is declared; a line of 0 when that is unknown.
    std::string file() const { return file_numbered_by(DW_AT_decl_file); }
    unsigned line() const noexcept;
    /// Of a function that was inlined: where it was called.
    std::string call_file() const { return file_numbered_by(DW_AT_call_file); }

    Dwarf_Die* raw() const noexcept { return &raw_; }

private:
    std::string file_numbered_by(unsigned attribute) const;
    mutable Dwarf_Die raw_;  // libdw takes no pointers to const, and changes nothing in it but what it has looked up
};

/// Without its typedefs and qualifiers.
dwarf_die plain_type(const dwarf_die& type);

/// @return 0 when it is unknown
std::uint64_t size_of_type(const dwarf_die& type);
