// SPDX-License-Identifier: Apache-2.0
// The types of the standard library that a value_printer knows, as libstdc++ has them.
#include "weft/type_name.hpp"
#include "weft/value_printer.hpp"

#include <initializer_list>
#include <string_view>

namespace {

struct found_member {
    std::uint64_t offset;
    dwarf_die type;
};

/// A member of the class, of what it derives from, or of their members, however deep: the names are libstdc++'s own, and
/// each is there once.
std::optional<found_member> member_named(const debug_info& info, const dwarf_die& of, std::string_view name,
                                         unsigned depth = 6) {
    const dwarf_die type = info.definition_of(plain_type(of));
    if (depth == 0) return std::nullopt;
    std::vector<found_member> within;
    for (const dwarf_die& each : type.children()) {
        if (each.tag() != DW_TAG_member && each.tag() != DW_TAG_inheritance) continue;
        const auto member_type = each.reference();
        if (!member_type || each.has(DW_AT_external) || each.is_declaration()) continue;
        const std::uint64_t offset = each.number(DW_AT_data_member_location).value_or(0);
        if (each.name() == name) return found_member{offset, *member_type};
        const unsigned tag = plain_type(*member_type).tag();
        if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type) {
            within.push_back({offset, *member_type});
        }
    }
    for (const found_member& each : within) {
        if (auto found = member_named(info, each.type, name, depth - 1)) {
            return found_member{each.offset + found->offset, found->type};
        }
    }
    return std::nullopt;
}

/// The unit of a std::chrono::duration by its period.
std::string_view unit_of(const std::string& duration) {
    for (const auto& [period, unit] :
         std::initializer_list<std::pair<std::string_view, std::string_view>>{{"1000000000L", "ns"},
                                                                              {"1000000000", "ns"},
                                                                              {"1000000L", "us"},
                                                                              {"1000000", "us"},
                                                                              {"1000L", "ms"},
                                                                              {"1000", "ms"}}) {
        if (duration.ends_with("std::ratio<1, " + std::string(period) + ">>")) return unit;
        if (duration.ends_with("std::ratio<1L, " + std::string(period) + ">>")) return unit;
    }
    if (duration.ends_with("std::ratio<60>>") || duration.ends_with("std::ratio<60, 1>>")) return "min";
    if (duration.ends_with("std::ratio<3600>>") || duration.ends_with("std::ratio<3600, 1>>")) return "h";
    return duration.ends_with("std::ratio<1>>") || duration.ends_with("std::ratio<1, 1>>") ? "s" : "ticks";
}

}  // namespace

std::optional<std::string> value_printer::known_class(const dwarf_die& type, std::uint64_t address,
                                                      unsigned depth) const {
    const std::string name = type_name(info_, type);
    if (!name.starts_with("std::")) return std::nullopt;
    const auto is = [&](std::string_view begins) { return name.starts_with(begins); };
    const auto member = [&](std::string_view wanted) { return member_named(info_, type, wanted); };
    const auto value = [&](const std::optional<found_member>& m) {
        return m ? word(address + m->offset, std::min<std::uint64_t>(size_of_type(m->type), 8)) : std::nullopt;
    };

    if (name == "std::string") {
        // its layout is the same everywhere, and Clang leaves it out where the library has it compiled
        const auto begin = word(address), size = word(address + 8);
        return begin && size ? text(*begin, *size) : "<cannot be read>";
    }
    if (name == "std::string_view") {
        const auto begin = value(member("_M_str")), size = value(member("_M_len"));
        if (begin && size) return text(*begin, *size);
    }
    if (is("std::vector<") && !is("std::vector<bool")) {
        const auto first = member("_M_start");
        const auto begin = value(first), end = value(member("_M_finish"));
        const auto element = first ? plain_type(first->type).reference() : std::nullopt;
        const std::uint64_t each = element ? size_of_type(*element) : 0;
        if (begin && end && each != 0 && *end >= *begin) {
            const std::uint64_t count = (*end - *begin) / each;
            return depth == 0 && count > 0 ? "{… " + std::to_string(count) + " elements}"
                                           : elements(*element, *begin, count, depth ? depth - 1 : 0);
        }
    }
    if (is("std::optional<")) {
        const auto engaged = value(member("_M_engaged"));
        const auto payload = member("_M_value");
        if (engaged && *engaged == 0) return "nullopt";
        if (engaged && payload) return print(payload->type, address + payload->offset, depth);
    }
    if (is("std::unique_ptr<")) {
        const auto held = member("_M_head_impl");
        if (held) return print(held->type, address + held->offset, depth);
    }
    if (is("std::shared_ptr<") || is("std::weak_ptr<")) {
        const auto held = member("_M_ptr");
        if (held) return print(held->type, address + held->offset, depth);
    }
    if (is("std::span<")) {
        const auto begin = member("_M_ptr");
        const auto size = value(member("_M_extent_value"));
        const auto at = value(begin);
        const auto element = begin ? plain_type(begin->type).reference() : std::nullopt;
        if (at && size && element) return elements(*element, *at, *size, depth ? depth - 1 : 0);
    }
    if (is("std::array<")) {
        if (const auto held = member("_M_elems")) return print(held->type, address + held->offset, depth);
    }
    if (is("std::atomic<") || is("std::__atomic_base<")) {
        for (const std::string_view inner : {"_M_i", "_M_p", "_M_b"}) {
            if (const auto held = member(inner)) return print(held->type, address + held->offset, depth);
        }
    }
    if (is("std::chrono::duration<")) {
        const auto ticks = member("__r");
        if (ticks) return print(ticks->type, address + ticks->offset, depth) + " " + std::string(unit_of(name));
    }
    if (is("std::coroutine_handle<")) {
        if (const auto frame = value(member("_M_fr_ptr"))) {
            if (*frame == 0) return "nullptr";
            return print(member("_M_fr_ptr")->type, address + member("_M_fr_ptr")->offset, depth);
        }
    }
    return std::nullopt;
}
