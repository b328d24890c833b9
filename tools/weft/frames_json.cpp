// SPDX-License-Identifier: Apache-2.0
#include "weft/frames_report.hpp"
#include "weft/json.hpp"

#include <string_view>

namespace {

template <class Range, class Each>
std::string array(const Range& range, Each each) {
    json_array all;
    for (const auto& element : range) all.add(each(element));
    return all.to_string();
}

std::string_view kind(frame_member::kind what) {
    static constexpr std::string_view names[] = {"bookkeeping", "promise", "parameter", "variable", "temporary"};
    return names[static_cast<std::size_t>(what)];
}

std::string member(const frame_member& each) {
    return json_object()
        .number("offset", each.offset)
        .number("size", each.size)
        .text("kind", kind(each.what))
        .text("name", each.name)
        .text("type", each.type)
        .to_string();
}

std::string point(const coroutine_layout& of, const suspend_point& each) {
    const auto number = std::to_string(&each - of.suspend_points.data());
    return json_object()
        .add("number", of.has_every_point ? number : "null")
        .text("kind", each.kind)
        .text("file", each.place.file)
        .number("line", each.place.line)
        .number("column", each.place.column)
        .add("live",
             array(each.live, [&](const live_variable& v) { return json_string(of.variables[v.variable].name); }))
        .to_string();
}

std::string function(const coroutine_layout& each) {
    return json_object()
        .text("name", each.name)
        .add("size", each.size ? std::to_string(*each.size) : "null")
        .text("file", each.place.file)
        .number("line", each.place.line)
        .text("compiler", each.compiler)
        .truth("layout_known", each.has_layout)
        .add("members", array(each.members, member))
        .add("suspend_points", array(each.suspend_points, [&](const suspend_point& p) { return point(each, p); }))
        .add("notes", array(each.notes, json_string))
        .to_string();
}

}  // namespace

std::string frames_json(const std::string& path, std::span<const coroutine_layout> all) {
    return json_object().text("binary", path).add("functions", array(all, function)).to_string() + "\n";
}
