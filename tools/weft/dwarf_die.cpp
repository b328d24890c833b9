// SPDX-License-Identifier: Apache-2.0
#include "weft/dwarf_die.hpp"

std::string dwarf_die::name() const {
    const char* const found = dwarf_diename(raw());
    return found ? found : "";
}

std::string dwarf_die::linkage_name() const {
    if (auto found = text(DW_AT_linkage_name)) return *found;
    return text(DW_AT_MIPS_linkage_name).value_or("");
}

namespace {

/// The attribute, or null; `into` is where it is put.
Dwarf_Attribute* attribute_of(Dwarf_Die* die, unsigned name, Dwarf_Attribute& into) noexcept {
    return dwarf_attr_integrate(die, name, &into);
}

}  // namespace

bool dwarf_die::flag(unsigned attribute) const noexcept {
    Dwarf_Attribute found;
    bool set = false;
    return attribute_of(raw(), attribute, found) && dwarf_formflag(&found, &set) == 0 && set;
}

std::optional<std::uint64_t> dwarf_die::number(unsigned attribute) const noexcept {
    Dwarf_Attribute found;
    Dwarf_Word value = 0;
    if (!attribute_of(raw(), attribute, found) || dwarf_formudata(&found, &value) != 0) return std::nullopt;
    return value;
}

std::optional<std::int64_t> dwarf_die::signed_number(unsigned attribute) const noexcept {
    Dwarf_Attribute found;
    Dwarf_Sword value = 0;
    if (!attribute_of(raw(), attribute, found) || dwarf_formsdata(&found, &value) != 0) return std::nullopt;
    return value;
}

std::optional<std::string> dwarf_die::text(unsigned attribute) const {
    Dwarf_Attribute found;
    if (!attribute_of(raw(), attribute, found)) return std::nullopt;
    const char* const value = dwarf_formstring(&found);
    if (!value) return std::nullopt;
    return value;
}

std::optional<dwarf_die> dwarf_die::reference(unsigned attribute) const noexcept {
    Dwarf_Attribute found;
    Dwarf_Die other;
    if (!attribute_of(raw(), attribute, found) || !dwarf_formref_die(&found, &other)) return std::nullopt;
    return dwarf_die(other);
}

std::vector<dwarf_die> dwarf_die::children() const {
    std::vector<dwarf_die> all;
    Dwarf_Die child;
    if (dwarf_child(raw(), &child) != 0) return all;
    do {
        all.emplace_back(child);
    } while (dwarf_siblingof(&child, &child) == 0);
    return all;
}

std::vector<std::uint64_t> dwarf_die::beginnings() const {
    std::vector<std::uint64_t> all;
    Dwarf_Addr base = 0, begin = 0, end = 0;
    for (std::ptrdiff_t at = 0; (at = dwarf_ranges(raw(), at, &base, &begin, &end)) > 0;) all.push_back(begin);
    return all;
}

std::optional<std::uint64_t> dwarf_die::low_pc() const {
    Dwarf_Addr address = 0;
    if (dwarf_lowpc(raw(), &address) == 0) return address;
    const std::vector<std::uint64_t> pieces = beginnings();
    return pieces.empty() ? std::nullopt : std::optional(pieces.front());
}

// Not by dwarf_decl_file(), which knows no file 0: from DWARF 5 on that is the source file itself (elfutils 0.188).
std::string dwarf_die::file_numbered_by(unsigned attribute) const {
    const auto index = number(attribute);
    Dwarf_Die unit;
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    if (!index || !dwarf_diecu(raw(), &unit, nullptr, nullptr)) return "";
    if (dwarf_getsrcfiles(&unit, &files, &count) != 0 || *index >= count) return "";
    const char* const found = dwarf_filesrc(files, *index, nullptr, nullptr);
    return found ? found : "";
}

unsigned dwarf_die::line() const noexcept {
    int found = 0;
    return dwarf_decl_line(raw(), &found) == 0 && found > 0 ? static_cast<unsigned>(found) : 0;
}

dwarf_die plain_type(const dwarf_die& type) {
    Dwarf_Die peeled;
    const dwarf_die plain = dwarf_peel_type(type.raw(), &peeled) == 0 ? dwarf_die(peeled) : type;
    // with -fdebug-types-section it is in a unit of its own
    if (plain.is_declaration()) return plain.reference(DW_AT_signature).value_or(plain);
    return plain;
}

std::uint64_t size_of_type(const dwarf_die& type) {
    Dwarf_Word size = 0;
    const dwarf_die plain = plain_type(type);
    return dwarf_aggregate_size(plain.raw(), &size) == 0 ? size : 0;
}
