// SPDX-License-Identifier: Apache-2.0
#include "weft/frames_report.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

namespace {

std::string right(std::string text, std::size_t width) {
    return std::string(width - std::min(width, text.size()), ' ') + text;
}

/// As short as it can be from here: without the folder one is in.
std::string readable_place(const source_place& where) {
    static const std::string here = std::filesystem::current_path().string() + "/";
    std::string file = std::filesystem::path(where.file).lexically_normal().string();
    if (file.starts_with(here)) file.erase(0, here.size());
    return file.empty() ? "?" : where.line == 0 ? file : file + ":" + std::to_string(where.line);
}

/// What it is called in a list: temporaries by their type.
std::string short_name(const frame_member& member) {
    if (member.what == frame_member::kind::promise) return "the promise";
    return member.name.empty() ? member.type : member.name;
}

std::string what_takes_most(const coroutine_layout& of) {
    std::vector<const frame_member*> members;
    for (const frame_member& each : of.members) {
        if (each.what != frame_member::kind::bookkeeping && each.size > 0) members.push_back(&each);
    }
    std::ranges::sort(members, [](const frame_member* a, const frame_member* b) {
        return std::pair(b->size, a->offset) < std::pair(a->size, b->offset);
    });
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(members.size(), 4); ++i) {
        text += (i ? ", " : "") + short_name(*members[i]) + " " + std::to_string(members[i]->size);
    }
    if (members.size() > 4) text += ", …";
    if (of.has_layout) return text;
    return text.empty() ? "(not known)" : text + " (not known in full)";
}

std::string described(const frame_member& member) {
    switch (member.what) {
        case frame_member::kind::bookkeeping: return "(the coroutine's own)";
        case frame_member::kind::promise: return "(the promise)";
        case frame_member::kind::temporary: return "(a temporary)";
        default: return member.name;
    }
}

std::string live_at(const coroutine_layout& of, const suspend_point& point) {
    std::string text;
    for (const live_variable& each : point.live) text += (text.empty() ? "" : ", ") + of.variables[each.variable].name;
    return text.empty() ? "-" : text;
}

}  // namespace

std::string frames_table(std::span<const coroutine_layout> all, const terminal& t) {
    std::size_t width = 4;
    for (const coroutine_layout& each : all) width = std::max(width, std::to_string(each.size.value_or(0)).size());
    table lines({right("SIZE", width), "FUNCTION", "DEFINED AT", "MOST OF IT"});
    for (const coroutine_layout& each : all) {
        lines.add({right(each.size ? std::to_string(*each.size) : "?", width), each.name, readable_place(each.place),
                   what_takes_most(each)});
    }
    return lines.to_string(t);
}

std::string frame_in_full(const coroutine_layout& one, const terminal& t) {
    const std::string size = one.size ? std::to_string(*one.size) + " bytes" : "size not known";
    std::string text = t.in(terminal::colour::bold, one.name) + ": " + size + ", " + readable_place(one.place) + "\n";
    if (!one.members.empty()) {
        table members({"  " + right("OFFSET", 6), right("SIZE", 6), "NAME", "TYPE"});
        for (const frame_member& each : one.members) {
            members.add({"  " + right(std::to_string(each.offset), 6), right(std::to_string(each.size), 6),
                         described(each), each.type});
        }
        text += members.to_string(t);
    }
    if (!one.suspend_points.empty()) {
        table points({"  " + right(one.has_every_point ? "POINT" : "", 6), "", "AT", "LIVE THERE"});
        for (const suspend_point& each : one.suspend_points) {
            const auto number = std::to_string(&each - one.suspend_points.data());
            points.add({"  " + right(one.has_every_point ? number : "", 6), each.kind, readable_place(each.place),
                        live_at(one, each)});
        }
        text += points.to_string(t);
    }
    for (const std::string& note : one.notes)
        text += "  " + t.in(terminal::colour::yellow, "note") + ": " + note + "\n";
    return text;
}
