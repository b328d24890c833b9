// SPDX-License-Identifier: Apache-2.0
#include "weft/frame_values.hpp"

#include "weft/frame_layout.hpp"
#include "weft/value_printer.hpp"

#include <array>
#include <cstring>

namespace {

std::optional<std::uint64_t> read_number(const read_memory& read, std::uint64_t address, std::uint64_t size) {
    std::array<std::byte, 8> bytes{};
    if (size > bytes.size() || !read(address, std::span(bytes).first(size))) return std::nullopt;
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), bytes.size());
    return number;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// By the number in the frame.
const suspend_point* numbered_point(const coroutine_layout& layout, const read_memory& read, std::uint64_t frame) {
    const auto& points = layout.suspend_points;
    if (points.empty()) return nullptr;
    // a coroutine at its end cannot be resumed: it has no function for that
    if (points.back().kind == "final" && read_number(read, frame, 8) == 0) return &points.back();
    if (!layout.index || !layout.has_every_point) return nullptr;
    const auto number = read_number(read, frame + layout.index->offset, layout.index->size);
    if (!number || *number < layout.first_index) return nullptr;
    const std::uint64_t at = (*number - layout.first_index) / layout.index_step;
    return at < points.size() ? &points[at] : nullptr;
}

/// By its place in the source, the column only where that tells several of one line apart.
const suspend_point* point_at(const coroutine_layout& layout, const source_place& where) {
    const suspend_point* found = nullptr;
    for (const suspend_point& each : layout.suspend_points) {
        if (each.place.line != where.line || base_name(each.place.file) != base_name(where.file)) continue;
        if (!found || each.place.column == where.column) found = &each;
    }
    return found;
}

local_value value_of(const frame_variable& variable, std::optional<std::uint64_t> offset, const value_printer& printer,
                     std::uint64_t frame) {
    local_value value{variable.name, variable.type, "<optimised out>", variable.is_parameter};
    const auto type = variable.entry.reference();
    if (offset && type) value.value = printer.print(*type, frame + *offset);
    return value;
}

}  // namespace

std::optional<frame_values> locals_of(const debug_info& info, std::uint64_t resume_function, const read_memory& read,
                                      std::uint64_t frame, const std::optional<source_place>& where) {
    const auto layout = coroutine_resumed_at(info, resume_function);
    if (!layout) return std::nullopt;
    frame_values values;
    values.function = layout->name;
    values.defined_at = layout->place;
    values.notes = layout->notes;
    const suspend_point* point = numbered_point(*layout, read, frame);
    if (!point && where) point = point_at(*layout, *where);
    const value_printer printer(info, read);
    std::vector<live_variable> live;
    if (point) {
        values.suspended_at_kind = point->kind;
        values.suspended_at = point->place;
        if (layout->has_every_point) {
            values.suspend_index = static_cast<unsigned>(point - layout->suspend_points.data());
        }
        live = point->live;
    } else {
        values.notes.push_back(
            "it is not known where it is suspended: some of these may not be there yet, or no longer");
        for (const frame_variable& each : layout->variables) {
            const auto index = static_cast<std::size_t>(&each - layout->variables.data());
            if (each.offset && each.is_named) live.push_back({index, each.offset});
        }
    }
    for (const bool parameters : {true, false}) {
        for (const live_variable& each : live) {
            const frame_variable& variable = layout->variables[each.variable];
            if (variable.is_parameter == parameters)
                values.locals.push_back(value_of(variable, each.offset, printer, frame));
        }
    }
    return values;
}
