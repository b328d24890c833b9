// SPDX-License-Identifier: Apache-2.0
// What GCC writes of coroutines, read from the output of GCC 14.
//
// `f` becomes f, which callers call, and two functions that take its frame: one whose symbol ends in .actor, which runs it,
// and one in .destroy. Their parameter, frame_ptr, points to a type called <mangled f>.Frame, which is there at any level of
// optimisation. Its members are the parameters by their names, the variables by their names, depth and block
// (`total_1_2`), and temporaries: of awaiting (Is_1_1 initially, Aw0_3_4, Yd1_2_3, Fs_1_8 finally) and others
// (D.52360_3_4, T001_2_3). The actor's own variables have their plain names, and their places in the frame.
//
// A suspension is a call of some await_suspend, or what was inlined of it; the optimiser may leave nothing of one that is
// empty. Numbers go by twos, in the order of the source: 0 is not begun, 2 the initial one.
#include "weft/frame_layout_parts.hpp"
#include "weft/machine_calls.hpp"
#include "weft/type_name.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

namespace {

struct found_suspension {
    suspension it;
    std::string awaiter;  // the class whose await_suspend it is
    std::uint64_t pc = 0;
};

/// By its mangled name: another unit's copy of it, built with -g1, may not know its class.
std::string awaiter_of(const std::string& mangled) {
    const std::string name = function_name(mangled);
    return name.substr(0, std::min(name.rfind("::await_suspend"), name.size()));
}

bool is_await_suspend(std::string_view name) { return name == "await_suspend" || name.starts_with("await_suspend<"); }

std::vector<found_suspension> find_suspensions(const debug_info& info, const function_symbol& actor,
                                               const function_scan& scan) {
    std::vector<found_suspension> found;
    for (const function_scan::call& each : scan.calls) {
        if (!each.is_inlined || !is_await_suspend(each.entry.name())) continue;
        found_suspension here;
        here.awaiter = awaiter_of(each.entry.linkage_name());
        here.pc = each.entry.low_pc().value_or(0);
        here.it.blocks = each.blocks;
        here.it.point.place = {each.entry.call_file(),
                               static_cast<unsigned>(each.entry.number(DW_AT_call_line).value_or(0)),
                               static_cast<unsigned>(each.entry.number(DW_AT_call_column).value_or(0))};
        found.push_back(std::move(here));
    }
    for (const machine_call& call : direct_calls(info, actor)) {
        const auto function = info.function_at(call.to);
        if (!function || !is_await_suspend(function->name())) continue;
        found_suspension here;
        const function_symbol* const symbol = info.function_around(call.to);
        here.awaiter = awaiter_of(symbol ? symbol->name : function->linkage_name());
        here.pc = call.from;
        here.it.blocks = scan.blocks_around(call.from);
        here.it.point.place = info.place_of(call.from).value_or(source_place{});
        found.push_back(std::move(here));
    }
    for (found_suspension& each : found) each.it.point.pc = each.pc;
    return found;
}

/// Takes one of these out, the first or the last of those that have this awaiter.
std::optional<suspension> take(std::vector<found_suspension>& from, const std::string& awaiter, bool last) {
    const auto is_it = [&](const found_suspension& each) { return each.awaiter == awaiter; };
    const auto first_found = std::ranges::find_if(from, is_it);
    if (first_found == from.end()) return std::nullopt;
    auto found = first_found;
    if (last) found = std::prev(std::find_if(from.rbegin(), from.rend(), is_it).base());
    suspension taken = std::move(found->it);
    from.erase(found);
    return taken;
}

std::string type_of(const debug_info& info, const function_scan& scan, std::string_view name) {
    for (const function_scan::variable& each : scan.variables) {
        const auto type = each.entry.reference();
        if (each.entry.name() == name && type) return type_name(info, plain_type(*type));
    }
    return "";
}

/// Unoptimised, code is in the order of the source. Optimised, the source is what has an order, and one suspension may be
/// in several pieces.
std::vector<suspension> in_order(const debug_info& info, const function_scan& scan, std::vector<found_suspension> found,
                                 const source_place& function) {
    const bool optimised = !scan.calls.empty();
    if (optimised) {
        const auto place = [](const found_suspension& each) {
            return std::tuple(each.it.point.place.line, each.it.point.place.column, each.awaiter);
        };
        std::ranges::sort(found, {}, place);
        const auto again = std::ranges::unique(found, {}, place);
        found.erase(again.begin(), again.end());
    } else {
        std::ranges::sort(found, {}, &found_suspension::pc);
    }
    auto final = take(found, type_of(info, scan, "Fs"), true);
    auto initial = take(found, type_of(info, scan, "Is"), false);
    // an awaiter of that type may have been awaited besides, and the initial one have left nothing
    if (optimised && initial && initial->point.place.line > function.line && final &&
        initial->point.place.line != final->point.place.line) {
        found.insert(found.begin(), {std::move(*initial), "", 0});
        initial.reset();
    }
    std::vector<suspension> all;
    all.push_back(initial ? std::move(*initial) : suspension{});
    all.back().point.kind = "initial";
    all.back().point.place = function;  // GCC has it at the end
    for (found_suspension& each : found) {
        each.it.point.kind = "await";
        all.push_back(std::move(each.it));
    }
    all.push_back(final ? std::move(*final) : suspension{});
    all.back().point.kind = "final";
    if (all.back().point.place.line == 0) all.back().point.place = function;
    return all;
}

/// `Aw0_3_4` and `Yd0_1_2`: an awaiter that the frame has for itself.
bool is_awaiter(std::string_view name) {
    return (name.starts_with("Aw") || name.starts_with("Yd")) && name.size() > 2 && name[2] >= '0' && name[2] <= '9';
}

frame_member::kind member_kind(std::string& name) {
    if (name == "_Coro_promise") return frame_member::kind::promise;
    if (name.starts_with("_Coro_")) return frame_member::kind::bookkeeping;
    return frame_member::kind::variable;
}

std::optional<dwarf_die> frame_parameter_of(const function_scan& scan) {
    for (const function_scan::variable& each : scan.variables) {
        if (each.is_parameter && each.entry.name() == "frame_ptr") return each.entry;
    }
    return std::nullopt;
}

/// `T001_2_3`: what GCC has made a variable of to keep it.
bool is_kept_temporary(std::string_view name) {
    return name.starts_with('T') && name.size() > 4 && name.find_first_not_of("0123456789", 1) == name.find('_') &&
           name.find('_') >= 4;
}

bool is_temporary(std::string_view name) {
    return name.starts_with("D.") || name.starts_with("_D") || is_kept_temporary(name) || is_awaiter(name) ||
           name.starts_with("Is_") || name.starts_with("Fs_") || name.empty();
}

/// `total_1_2` is `total`.
std::string without_block(std::string name) {
    for (int i = 0; i < 2; ++i) {
        const std::size_t last = name.find_last_not_of("0123456789");
        if (last == std::string::npos || last == 0 || last + 1 == name.size() || name[last] != '_') break;
        name.resize(last);
    }
    return name;
}

void tell_kinds(coroutine_layout& layout) {
    std::uint64_t parameters_end = 0;
    for (const frame_member& member : layout.members) {
        if (member.name != "_Coro_resume_index") continue;
        layout.index = member;
        parameters_end = member.offset;
    }
    for (frame_variable& variable : layout.variables) variable.is_named = false;
    for (frame_member& member : layout.members) {
        if (member.what != frame_member::kind::variable) continue;
        if (is_temporary(member.name)) {
            member.what = frame_member::kind::temporary;
            member.name.clear();
            continue;
        }
        if (member.offset < parameters_end) {
            member.what = frame_member::kind::parameter;
        } else {
            member.name = without_block(member.name);
        }
        // Optimised, a variable may be said to be elsewhere besides; it has its member all the same. Of several of one
        // name the first member is the first variable's.
        const auto is_it = [&](const frame_variable& each) {
            return !each.is_named && each.name == member.name && each.offset.value_or(member.offset) == member.offset;
        };
        const auto declared = std::ranges::find_if(layout.variables, is_it);
        if (declared == layout.variables.end()) continue;
        declared->offset = member.offset;
        declared->is_named = !member.name.starts_with("__");
        declared->is_parameter = member.what == frame_member::kind::parameter;
    }
}

}  // namespace

coroutine_layout gcc_layout(const debug_info& info, const coroutine_symbols& symbols, const dwarf_die& actor) {
    coroutine_layout layout;
    layout.compiler = "GCC";
    layout.first_index = 2;
    layout.index_step = 2;
    const function_scan scan(actor);
    const auto parameter = frame_parameter_of(scan);
    const auto pointer = parameter ? parameter->reference() : std::nullopt;
    const auto type = pointer ? plain_type(*pointer).reference() : std::nullopt;
    if (!type) {
        layout.notes.push_back("built without full debug information (-g)");
        return layout;
    }
    frame_pointer frame;
    frame.learn_from_pointer(*parameter);
    if (const auto first = argument_register(info, 0)) frame.learn_from_entry(*first);
    take_variables(info, scan, frame, layout);
    layout.name = type->name();
    const function_symbol* const ramp = info.function_named(layout.name.substr(0, layout.name.rfind(".Frame")));
    const auto declared = ramp ? info.function_at(ramp->address) : std::nullopt;
    const dwarf_die& named = declared ? *declared : actor.line() ? actor : *type;  // the type is at the function's end
    layout.place = {named.file(), named.line(), 0};
    layout.size = size_of_type(*type);
    layout.has_layout = true;
    take_members(info, *type, layout, member_kind);
    const auto awaiters =
        std::ranges::count_if(layout.members, [](const frame_member& each) { return is_awaiter(each.name); });
    tell_kinds(layout);

    std::vector<suspension> found = in_order(info, scan, find_suspensions(info, *symbols.resume, scan), layout.place);
    if (std::ssize(found) < awaiters + 2) {
        layout.has_every_point = false;
        layout.notes.push_back("the optimiser has left no trace of some suspend points");
    }
    take_suspensions(scan, frame, std::move(found), layout);
    return layout;
}
