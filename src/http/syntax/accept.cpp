// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/field_scanner.hpp"
#include "http/syntax/quality.hpp"

#include <weft/http/accept.hpp>

#include <utility>

namespace weft::inline v0::http {

namespace {

/// How closely a range describes a type; 0: not at all.
std::size_t match(const media_type& range, const media_type& type) noexcept {
    if (range.type == "*") return range.subtype == "*" ? 1 : 0;
    if (range.type != type.type) return 0;
    if (range.subtype == "*") return 2;
    if (range.subtype != type.subtype) return 0;
    for (const auto& [name, value] : range.parameters) {
        if (type.parameter(name) != value) return 0;
    }
    return 3 + range.parameters.size();
}

}  // namespace

accept accept::parse(std::string_view field) {
    accept result;
    for (field_scanner scanner(field); !scanner.at_end();) {
        std::optional<media_type> type = media_type::parse(scanner.member());
        if (!type) continue;
        std::optional<int> quality = 1000;
        if (const std::optional<std::string_view> q = type->parameter("q")) quality = parse_quality(*q);
        if (!quality) continue;
        std::erase_if(type->parameters, [](const auto& parameter) { return parameter.first == "q"; });
        result.ranges_.push_back({.type = *std::move(type), .quality = *quality});
    }
    return result;
}

int accept::quality(const media_type& type) const noexcept {
    if (ranges_.empty()) return 1000;
    std::size_t closest = 0;
    int quality = 0;
    for (const range& r : ranges_) {
        const std::size_t closeness = match(r.type, type);
        if (closeness <= closest) continue;
        closest = closeness;
        quality = r.quality;
    }
    return quality;
}

std::optional<std::size_t> accept::best_of(std::span<const media_type> offered) const noexcept {
    std::optional<std::size_t> best;
    int best_quality = 0;
    for (std::size_t i = 0; i < offered.size(); ++i) {
        const int q = quality(offered[i]);
        if (q <= best_quality) continue;
        best = i;
        best_quality = q;
    }
    return best;
}

}  // namespace weft::inline v0::http
