// SPDX-License-Identifier: Apache-2.0
#include "weft/frame_layout.hpp"

#include "weft/frame_layout_parts.hpp"
#include "weft/machine_calls.hpp"
#include "weft/type_name.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <tuple>

namespace {

struct suffix {
    std::string_view resume, destroy;
    coroutine_layout (*layout)(const debug_info&, const coroutine_symbols&, const dwarf_die&);
};
constexpr suffix suffixes[] = {{".resume", ".destroy", clang_layout}, {".actor", ".destroy", gcc_layout}};

coroutine_layout without_debug_information() {
    coroutine_layout none;
    none.notes.push_back("the debug information does not have it: its file was built without -g, or with -g1");
    return none;
}

coroutine_layout layout_of(const debug_info& info, const suffix& compiler, const function_symbol& resume) {
    coroutine_symbols symbols;
    symbols.base = resume.name.substr(0, resume.name.size() - compiler.resume.size());
    symbols.resume = &resume;
    symbols.ramp = info.function_named(symbols.base);
    symbols.destroy = info.function_named(symbols.base + std::string(compiler.destroy));
    const auto entry = info.function_at(resume.address);
    coroutine_layout layout = entry ? compiler.layout(info, symbols, *entry) : without_debug_information();
    if (layout.name.empty()) layout.name = symbols.ramp ? symbols.base : resume.name;
    layout.name = function_name(layout.name);
    layout.resume_address = resume.address;
    if (entry && layout.place.line == 0) layout.place = {entry->file(), entry->line(), 0};
    return layout;
}

/// An argument of a call, as far as the debug information says it is a constant.
std::optional<std::uint64_t> constant_argument(const debug_info& info, const function_scan::call& call,
                                               unsigned argument) {
    unsigned seen = 0;
    for (const dwarf_die& child : call.entry.children()) {
        if (call.is_inlined && child.tag() == DW_TAG_formal_parameter && seen++ == argument) return constant_of(child);
        if (child.tag() != DW_TAG_call_site_parameter && child.tag() != DW_TAG_GNU_call_site_parameter) continue;
        for (const variable_piece& place : pieces_of(child)) {
            const auto wanted = argument_register(info, argument);
            if (!wanted || place.address.base != "r" + std::to_string(*wanted)) continue;
            if (auto value = constant_in(child, DW_AT_call_value)) return value;
            return constant_in(child, DW_AT_GNU_call_site_value);
        }
    }
    return std::nullopt;
}

/// The function that is called, if it is known.
std::string callee(const function_scan::call& call) {
    if (call.is_inlined) return call.entry.name();
    auto origin = call.entry.reference(DW_AT_call_origin);
    if (!origin) origin = call.entry.reference(DW_AT_abstract_origin);
    return origin ? origin->name() : "";
}

std::optional<std::uint64_t> size_in_calls(const debug_info& info, const function_symbol* caller, std::string_view name,
                                           unsigned argument) {
    const auto entry = caller ? info.function_at(caller->address) : std::nullopt;
    if (!entry) return std::nullopt;
    for (const function_scan::call& call : function_scan(*entry).calls) {
        if (callee(call) != name) continue;
        if (const auto size = constant_argument(info, call, argument)) return size;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> size_asked_for(const debug_info& info, const coroutine_symbols& symbols) {
    if (const auto size = size_in_calls(info, symbols.ramp, "operator new", 0)) return size;
    return size_in_calls(info, symbols.destroy, "operator delete", 1);
}

void take_members(const debug_info& info, const dwarf_die& frame_type, coroutine_layout& into,
                  const std::function<frame_member::kind(std::string& name)>& name_of) {
    for (const dwarf_die& each : frame_type.children()) {
        const auto type = each.reference();
        if (each.tag() != DW_TAG_member || !type) continue;
        frame_member member;
        member.name = each.name();
        member.what = name_of(member.name);
        // what a promise's type is called by std::coroutine_traits says nothing
        member.type = type_name(info, member.what == frame_member::kind::promise ? plain_type(*type) : *type);
        member.type_entry = type;
        member.offset = each.number(DW_AT_data_member_location).value_or(0);
        member.size = size_of_type(*type);
        into.members.push_back(std::move(member));
    }
    std::ranges::sort(into.members, {}, &frame_member::offset);
}

void take_variables(const debug_info& info, const function_scan& scan, const frame_pointer& frame,
                    coroutine_layout& into) {
    for (const function_scan::variable& each : scan.variables) {
        const auto type = each.entry.reference();
        frame_variable variable{.name = each.entry.name(), .is_parameter = each.is_parameter, .entry = each.entry};
        if (type) {
            variable.type = type_name(info, *type);
            variable.size = size_of_type(*type);
        }
        variable.offset = frame.home_of(each.entry);
        variable.is_named = !variable.name.empty() && !variable.name.starts_with("__");
        into.variables.push_back(std::move(variable));
    }
}

void take_suspensions(const function_scan& scan, const frame_pointer& frame, std::vector<suspension> found,
                      coroutine_layout& into) {
    for (suspension& each : found) {
        // where it begins and ends there are the parameters alone
        const bool inside = each.point.kind != "initial" && each.point.kind != "final";
        std::vector<std::size_t> declared = scan.declared_in(each.blocks, each.point.place.line);
        if (!inside || each.blocks.empty()) {
            declared.resize(into.variables.size());
            std::iota(declared.begin(), declared.end(), std::size_t{0});
            std::erase_if(declared, [&](std::size_t i) { return !into.variables[i].is_parameter; });
        }
        for (const std::size_t i : declared) {
            const frame_variable& variable = into.variables[i];
            live_variable live{i, variable.offset};
            if (!live.offset && each.point.pc != 0) live.offset = frame.home_of(variable.entry, each.point.pc);
            // unoptimised, what is not in the frame then is not needed after any suspension
            const bool is_kept = live.offset || !into.has_layout || !into.has_every_point;
            if (variable.is_named && is_kept) each.point.live.push_back(live);
        }
        into.suspend_points.push_back(std::move(each.point));
    }
}

std::vector<coroutine_layout> coroutines_of(const debug_info& info) {
    std::vector<coroutine_layout> all;
    std::set<std::uint64_t> seen;
    for (const function_symbol& each : info.functions()) {
        for (const suffix& compiler : suffixes) {
            if (!each.name.ends_with(compiler.resume) || !seen.insert(each.address).second) continue;
            all.push_back(layout_of(info, compiler, each));
        }
    }
    std::ranges::sort(all, [](const coroutine_layout& a, const coroutine_layout& b) {
        return std::tuple(b.size.value_or(0), a.name, a.place.line) <
               std::tuple(a.size.value_or(0), b.name, b.place.line);
    });
    return all;
}

std::optional<coroutine_layout> coroutine_resumed_at(const debug_info& info, std::uint64_t address) {
    const function_symbol* const found = info.function_around(address);
    if (!found) return std::nullopt;
    for (const suffix& compiler : suffixes) {
        for (const std::string_view end : {compiler.resume, compiler.destroy, std::string_view(".cleanup")}) {
            if (!found->name.ends_with(end)) continue;
            const std::string base = found->name.substr(0, found->name.size() - end.size());
            if (const function_symbol* const resume = info.function_named(base + std::string(compiler.resume))) {
                return layout_of(info, compiler, *resume);
            }
        }
    }
    return std::nullopt;
}
