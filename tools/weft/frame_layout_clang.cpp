// SPDX-License-Identifier: Apache-2.0
// What Clang writes of coroutines, read from the output of Clang 19.
//
// `f` becomes f (the ramp), f.resume, f.destroy and f.cleanup, each with a copy of f's entry. A co_await is a call to
// f.__await_suspend_wrapper__await2 (init, await, await2, …, yield, yield2, …, final; each counted by itself), which passes
// the awaiter and the frame. Unoptimised that is a real call; optimised, an inlined function with the place of its call.
// Newer Clangs write labels, __coro_resume_2, besides.
//
// The frame is described by the type of a variable, __coro_frame, which is the frame. Not so where the optimiser tracks
// assignments, the default from -O1: then all there is are the places of single variables.
#include "weft/frame_layout_parts.hpp"
#include "weft/machine_calls.hpp"
#include "weft/type_name.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <string_view>
#include <tuple>

namespace {

constexpr std::string_view wrapper = ".__await_suspend_wrapper__";

/// A suspension, and its place among those of its kind.
struct numbered_suspension {
    suspension it;
    unsigned number = 1;
    std::uint64_t order = 0;  // where its wrapper is in the program, which is in the order of the source; 0: unknown
};

/// "await2" is the second "await".
std::pair<std::string, unsigned> kind_and_number(std::string_view name) {
    const std::size_t digits = std::min(name.find_first_of("0123456789"), name.size());
    unsigned number = 1;
    std::from_chars(name.data() + digits, name.data() + name.size(), number);
    const std::string_view kind = name.substr(0, digits);
    return {kind == "init" ? "initial" : std::string(kind), number};
}

using by_wrapper = std::map<std::string, numbered_suspension>;

/// Unoptimised: by the calls of the wrappers.
void find_calls(const debug_info& info, const std::string& base, const function_symbol* caller,
                const function_scan* scan, by_wrapper& found) {
    if (!caller) return;
    const std::string prefix = base + std::string(wrapper);
    for (const machine_call& call : direct_calls(info, *caller)) {
        const auto callee = info.function_at(call.to);  // not by its symbol: it has none
        const std::string whole_name = callee ? callee->linkage_name() : "";
        if (!whole_name.starts_with(prefix)) continue;
        const std::string name = whole_name.substr(prefix.size());
        numbered_suspension here;
        std::tie(here.it.point.kind, here.number) = kind_and_number(name);
        here.order = call.to;
        here.it.point.place = info.place_of(call.from).value_or(source_place{});
        if (scan) {
            here.it.point.pc = call.from;
            here.it.blocks = scan->blocks_around(call.from);
        }
        found.try_emplace(name, std::move(here));
    }
}

/// Optimised: by the wrappers that were inlined. Their second argument tells where the frame's address is.
void find_inlined(const std::string& base, const function_scan& scan, bool is_resume, by_wrapper& found,
                  frame_pointer* frame) {
    const std::string prefix = base + std::string(wrapper);
    for (const function_scan::call& each : scan.calls) {
        const std::string name = each.is_inlined ? each.entry.linkage_name() : "";
        if (!name.starts_with(prefix)) continue;
        numbered_suspension here;
        std::tie(here.it.point.kind, here.number) = kind_and_number(std::string_view(name).substr(prefix.size()));
        here.it.point.place = {each.entry.call_file(),
                               static_cast<unsigned>(each.entry.number(DW_AT_call_line).value_or(0)),
                               static_cast<unsigned>(each.entry.number(DW_AT_call_column).value_or(0))};
        if (is_resume) {
            here.it.point.pc = each.entry.low_pc().value_or(0);
            here.it.blocks = each.blocks;
        }
        unsigned argument = 0;
        for (const dwarf_die& child : each.entry.children()) {
            if (child.tag() == DW_TAG_formal_parameter && ++argument == 2 && frame) frame->learn_from_pointer(child);
        }
        found.try_emplace(name.substr(prefix.size()), std::move(here));
    }
}

/// Clang numbers suspend points as they come in the source, but for the last.
std::vector<suspension> in_order(by_wrapper found) {
    std::map<std::string, std::map<unsigned, numbered_suspension>> kinds;
    for (auto& [name, each] : found) kinds[each.it.point.kind].emplace(each.number, std::move(each));
    std::vector<numbered_suspension> awaits, yields, middle;
    for (auto& [number, each] : kinds["await"]) awaits.push_back(std::move(each));
    for (auto& [number, each] : kinds["yield"]) yields.push_back(std::move(each));
    const auto place = [](const numbered_suspension& each) {
        return std::tuple(each.order, each.it.point.place.line, each.it.point.place.column);
    };
    std::ranges::merge(awaits, yields, std::back_inserter(middle), {}, place, place);
    std::vector<suspension> all;
    for (auto& [number, each] : kinds["initial"]) all.push_back(std::move(each.it));
    for (numbered_suspension& each : middle) all.push_back(std::move(each.it));
    for (auto& [number, each] : kinds["final"]) all.push_back(std::move(each.it));
    return all;
}

/// Labels say the number itself.
std::vector<suspension> by_labels(const function_scan& scan) {
    constexpr std::string_view prefix = "__coro_resume_";
    std::map<unsigned, suspension> found;
    for (const function_scan::call& each : scan.labels) {
        const std::string name = each.entry.name();
        unsigned number = 0;
        if (!name.starts_with(prefix)) continue;
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
        suspension here;
        here.point.kind = number == 0 ? "initial" : "await";
        here.point.place = {each.entry.file(), each.entry.line(),
                            static_cast<unsigned>(each.entry.number(DW_AT_decl_column).value_or(0))};
        here.point.pc = each.entry.low_pc().value_or(0);
        here.blocks = each.blocks;
        found.emplace(number, std::move(here));
    }
    std::vector<suspension> all;
    for (auto& [number, each] : found) {
        if (number != all.size()) return {};  // some are gone: the numbers of the rest would be wrong
        all.push_back(std::move(each));
    }
    return all;
}

/// `class_weft__v0__task<int>__awaiter_3` is a temporary of type weft::task<int>::awaiter. What was one character before
/// is not known for sure: Clang writes an underscore for all but letters and digits.
std::string type_of_temporary(std::string_view name) {
    for (const std::string_view prefix : {"class_", "struct_", "union_"}) {
        if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    }
    const std::size_t last = name.find_last_not_of("0123456789");
    if (last != std::string_view::npos && last + 1 < name.size() && name[last] == '_') name = name.substr(0, last);
    if (name == "PointerType") return "pointer";
    if (name.starts_with("__int_")) return std::string(name.substr(6)) + "-bit integer";
    std::string type(name);
    for (auto at = type.find("__"); at != std::string::npos; at = type.find("__", at)) {
        if (at == 0) break;
        type.replace(at, 2, "::");
        if (type.compare(at + 2, 2, "__") == 0) at += 4;  // `std::__n4861`
    }
    return shorter_name(type);
}

frame_member::kind member_kind(const std::string& name) {
    if (name == "__resume_fn" || name == "__destroy_fn" || name == "__coro_index")
        return frame_member::kind::bookkeeping;
    return name == "__promise" ? frame_member::kind::promise : frame_member::kind::variable;
}

std::optional<dwarf_die> frame_variable_of(const function_scan& scan) {
    for (const function_scan::variable& each : scan.variables) {
        if (each.entry.name() == "__coro_frame") return each.entry;
    }
    return std::nullopt;
}

/// Members that no variable of the source is at are temporaries, of which the name is the type.
void tell_temporaries(coroutine_layout& layout) {
    for (frame_member& member : layout.members) {
        if (member.name == "__coro_index") layout.index = member;
        if (member.what != frame_member::kind::variable) continue;
        const auto declared = std::ranges::find(layout.variables, member.offset, &frame_variable::offset);
        if (declared != layout.variables.end()) {
            member.name = declared->name;
            if (declared->is_parameter) member.what = frame_member::kind::parameter;
        } else {
            member.what = frame_member::kind::temporary;
            member.type = type_of_temporary(member.name);
            member.name.clear();
        }
    }
}

/// Without the frame's type: the variables that are said to be in it and nowhere else.
void take_places(coroutine_layout& layout) {
    for (const frame_variable& each : layout.variables) {
        if (!each.offset || !each.is_named) continue;
        frame_member member{.name = each.name, .type = each.type, .offset = *each.offset, .size = each.size};
        if (each.is_parameter) member.what = frame_member::kind::parameter;
        layout.members.push_back(std::move(member));
    }
    std::ranges::sort(layout.members, {}, &frame_member::offset);
}

}  // namespace

coroutine_layout clang_layout(const debug_info& info, const coroutine_symbols& symbols, const dwarf_die& resume) {
    coroutine_layout layout;
    layout.compiler = "Clang";
    const function_scan scan(resume);
    frame_pointer frame;
    by_wrapper found;
    find_inlined(symbols.base, scan, true, found, &frame);
    find_calls(info, symbols.base, symbols.resume, &scan, found);
    if (symbols.ramp) {  // where the coroutine runs up to its first suspension
        if (const auto ramp = info.function_at(symbols.ramp->address)) {
            find_inlined(symbols.base, function_scan(*ramp), false, found, nullptr);
        }
        find_calls(info, symbols.base, symbols.ramp, nullptr, found);
    }
    const auto frame_variable = frame_variable_of(scan);
    if (frame_variable) frame.learn_from_frame(*frame_variable);
    if (const auto first = argument_register(info, 0)) frame.learn_from_entry(*first);
    take_variables(info, scan, frame, layout);

    const auto type = frame_variable ? frame_variable->reference() : std::nullopt;
    if (type) {
        layout.size = size_of_type(*type);
        layout.has_layout = true;
        take_members(info, *type, layout, [](std::string& name) { return member_kind(name); });
        tell_temporaries(layout);
    } else {
        layout.size = size_asked_for(info, symbols);
        take_places(layout);
        layout.notes.push_back(
            "optimised by a Clang that tracks assignments: the frame's layout is not in the debug "
            "information, but for single variables (it is with -Xclang -fexperimental-assignment-tracking=disabled)");
    }
    std::vector<suspension> labelled = by_labels(scan);
    const bool inlined = std::ranges::any_of(found, [](const auto& each) { return each.second.order == 0; });
    if (labelled.empty() && inlined) {
        layout.has_every_point = false;
        layout.notes.push_back(
            "optimised: a suspend point may have left no trace, as one of an awaiter that does nothing has not");
    }
    take_suspensions(scan, frame, labelled.empty() ? in_order(std::move(found)) : std::move(labelled), layout);
    return layout;
}
