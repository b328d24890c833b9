// SPDX-License-Identifier: Apache-2.0
#include "weft/debug_units.hpp"

#include <algorithm>

debug_units::debug_units(Dwarf* dwarf) {
    Dwarf_CU* next = nullptr;
    Dwarf_Die die;
    std::uint8_t type = 0;
    while (dwarf_get_units(dwarf, next, &next, nullptr, &type, &die, nullptr) == 0) {
        if (type == DW_UT_skeleton || dwarf_hasattr(&die, DW_AT_GNU_dwo_name)) split_ = true;
        if (type != DW_UT_compile && type != DW_UT_partial) continue;
        Dwarf_Addr base = 0, begin = 0, end = 0;
        for (std::ptrdiff_t at = 0; (at = dwarf_ranges(&die, at, &base, &begin, &end)) > 0;) {
            if (begin < end) ranges_.push_back({begin, end, units_.size()});
        }
        by_offset_.emplace(dwarf_dieoffset(&die), units_.size());
        units_.emplace_back(die);
    }
    std::ranges::sort(ranges_, {}, &range::begin);
}

debug_units::unit* debug_units::unit_of(std::uint64_t address) {
    auto after = std::ranges::upper_bound(ranges_, address, {}, &range::begin);
    if (after == ranges_.begin()) return nullptr;
    --after;
    return address < after->end ? &units_[after->unit] : nullptr;
}

debug_units::unit* debug_units::unit_of(const dwarf_die& die) {
    Dwarf_Die found;
    if (!dwarf_diecu(die.raw(), &found, nullptr, nullptr)) return nullptr;
    const auto at = by_offset_.find(dwarf_dieoffset(&found));
    return at == by_offset_.end() ? nullptr : &units_[at->second];
}

namespace {

bool is_type_with_members(unsigned tag) {
    return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

bool is_kept(unsigned tag) {
    return tag == DW_TAG_namespace || is_type_with_members(tag) || tag == DW_TAG_enumeration_type ||
           tag == DW_TAG_typedef || tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block;
}

/// Not asked of what it completes: a function that is inlined everywhere begins nowhere.
bool begins_somewhere(const dwarf_die& die) {
    return dwarf_hasattr(die.raw(), DW_AT_low_pc) || dwarf_hasattr(die.raw(), DW_AT_ranges);
}

}  // namespace

void debug_units::read(unit& u, const dwarf_die& parent, bool function_bodies) {
    for (const dwarf_die& child : parent.children()) {
        const unsigned tag = child.tag();
        if (is_kept(tag)) u.named.insert_or_assign(child.offset(), entry{child, parent});
        if (tag == DW_TAG_subprogram && begins_somewhere(child)) {
            for (const std::uint64_t begin : child.beginnings()) u.functions.insert_or_assign(begin, child);
        }
        const bool in_body = tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block;
        if (tag == DW_TAG_namespace || is_type_with_members(tag) || (in_body && function_bodies)) {
            read(u, child, function_bodies);
        }
    }
}

/// At first what is outside functions: what is within, as local classes are, is rarely wanted and most of a unit.
void debug_units::read(unit& u, bool function_bodies) {
    bool& done = function_bodies ? u.all_read : u.outer_read;
    if (done) return;
    done = true;
    read(u, u.die, function_bodies);
}

std::optional<dwarf_die> debug_units::function_at(std::uint64_t address) {
    unit* const u = unit_of(address);
    if (!u) return std::nullopt;
    for (const bool function_bodies : {false, true}) {
        read(*u, function_bodies);
        if (const auto found = u->functions.find(address); found != u->functions.end()) return found->second;
    }
    return std::nullopt;
}

std::optional<source_place> debug_units::place_of(std::uint64_t address) {
    unit* const u = unit_of(address);
    if (!u) return std::nullopt;
    Dwarf_Line* const line = dwarf_getsrc_die(u->die.raw(), address);
    int number = 0, column = 0;
    if (!line || dwarf_lineno(line, &number) != 0 || number <= 0) return std::nullopt;
    dwarf_linecol(line, &column);
    const char* const file = dwarf_linesrc(line, nullptr, nullptr);
    return source_place{file ? file : "", static_cast<unsigned>(number), static_cast<unsigned>(std::max(column, 0))};
}

/// Not by where it begins: one may lie within another's code.
std::optional<dwarf_die> debug_units::function_around(unit& u, std::uint64_t address) {
    for (const bool function_bodies : {false, true}) {
        read(u, function_bodies);
        for (const auto& [begin, function] : u.functions) {
            if (function.covers(address)) return function;
        }
    }
    return std::nullopt;
}

namespace {

/// What is inlined there into `outer`, and into that, and so on: the outermost first.
void add_inlined(const dwarf_die& outer, std::uint64_t address, std::vector<dwarf_die>& found) {
    for (const dwarf_die& child : outer.children()) {
        const bool is_inlined = child.tag() == DW_TAG_inlined_subroutine;
        if (!is_inlined && child.tag() != DW_TAG_lexical_block) continue;
        if (!child.covers(address)) continue;
        if (is_inlined) found.push_back(child);
        return add_inlined(child, address, found);
    }
}

}  // namespace

std::vector<called_function> debug_units::functions_around(std::uint64_t address) {
    unit* const u = unit_of(address);
    std::optional<source_place> at = place_of(address);
    const std::optional<dwarf_die> outermost = u && at ? function_around(*u, address) : std::nullopt;
    if (!outermost) return {};
    std::vector<dwarf_die> scopes{*outermost};
    add_inlined(*outermost, address, scopes);
    std::vector<called_function> found;
    for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
        found.push_back({scope->linkage_name(), qualified_name(*scope), *at});
        at = {scope->call_file(), static_cast<unsigned>(scope->number(DW_AT_call_line).value_or(0)), 0};
    }
    return found;
}

std::string debug_units::qualified_name(const dwarf_die& die) {
    // A definition outside its class has the name of the declaration in there; code made of a function, that of the function.
    dwarf_die named = die;
    for (;;) {
        auto declaration = named.reference(DW_AT_specification);
        if (!declaration) declaration = named.reference(DW_AT_abstract_origin);
        if (!declaration || *declaration == named) break;
        named = *declaration;
    }
    std::string name = named.name();
    unit* const u = unit_of(named);
    if (!u) return name;
    read(*u, false);
    if (!u->named.contains(named.offset())) read(*u, true);
    for (auto at = u->named.find(named.offset()); at != u->named.end();
         at = u->named.find(at->second.parent.offset())) {
        const dwarf_die& parent = at->second.parent;
        if (parent == u->die) break;
        // std::__cxx11 and weft::v0 are inline namespaces, which nobody writes, and an unnamed one cannot be written
        if (parent.tag() == DW_TAG_lexical_block || parent.flag(DW_AT_export_symbols)) continue;
        if (const std::string outer = parent.name(); !outer.empty()) name = outer + "::" + name;
    }
    return name;
}

void debug_units::read_definitions() {
    for (unit& u : units_) {
        read(u, false);
        std::vector<dwarf_die> types;  // apart, because asking for a name may read more
        for (const auto& [offset, each] : u.named) {
            if (is_type_with_members(each.self.tag()) && !each.self.is_declaration()) types.push_back(each.self);
        }
        for (const dwarf_die& type : types) {
            if (!type.name().empty()) definitions_.try_emplace(qualified_name(type), type);
        }
    }
}

dwarf_die debug_units::definition_of(const dwarf_die& type) {
    if (!type.is_declaration()) return type;
    if (!definitions_read_) {
        definitions_read_ = true;
        read_definitions();
    }
    const auto found = definitions_.find(qualified_name(type));
    return found == definitions_.end() ? type : found->second;
}
