// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/etag_scanner.hpp"
#include "http/syntax/field_scanner.hpp"

#include <weft/http/conditional.hpp>
#include <weft/http/date.hpp>

namespace weft::inline v0::http {

namespace {

using comparison = bool (etag::*)(const etag&) const noexcept;

/// Whether one field, a list of tags, or "*" for whatever is there, has the current one.
bool list_has(std::string_view list, const validators& current, comparison is_same) {
    if (without_blanks(list) == "*") return current.exists;
    while (true) {
        while (!list.empty() && (is_blank(list.front()) || list.front() == ',')) list.remove_prefix(1);
        const std::optional<etag> tag = take_etag(list);
        if (!tag) return false;
        if (current.exists && current.tag && (*current.tag.*is_same)(*tag)) return true;
        list = list.substr(std::min(list.find_first_not_of(" \t"), list.size()));
        if (!list.starts_with(',')) return false;
    }
}

/// @return empty: there is no such field
std::optional<bool> field_has(const headers& request, std::string_view name, const validators& current,
                              comparison is_same) {
    const auto values = request.get_all(name);
    if (values.empty()) return std::nullopt;
    return std::ranges::any_of(values, [&](std::string_view value) { return list_has(value, current, is_same); });
}

/// @return empty: there is no such field, it is no date, or none is known of what is there
std::optional<bool> is_modified_since(const headers& request, std::string_view name, const validators& current,
                                      std::chrono::sys_seconds now) {
    const auto values = request.get_all(name);
    if (values.size() != 1 || !current.last_modified) return std::nullopt;
    const auto since = parse_date(values.front(), now);
    return since ? std::optional(*current.last_modified > *since) : std::nullopt;
}

}  // namespace

precondition evaluate(method m, const headers& request, const validators& current, std::chrono::sys_seconds now) {
    if (m == method::connect || m == method::options || m == method::trace) return precondition::holds;
    if (const auto matches = field_has(request, "If-Match", current, &etag::is_strongly)) {
        if (!*matches) return precondition::fails;
    } else if (is_modified_since(request, "If-Unmodified-Since", current, now).value_or(false)) {
        return precondition::fails;
    }
    const bool only_asks = m == method::get || m == method::head;
    if (const auto matches = field_has(request, "If-None-Match", current, &etag::is_weakly)) {
        if (*matches) return only_asks ? precondition::not_modified : precondition::fails;
    } else if (only_asks && !is_modified_since(request, "If-Modified-Since", current, now).value_or(true)) {
        return precondition::not_modified;
    }
    return precondition::holds;
}

bool range_counts(const headers& request, const validators& current, std::chrono::sys_seconds now) {
    const auto values = request.get_all("If-Range");
    if (values.empty()) return true;
    if (values.size() > 1) return false;
    if (const std::optional<etag> tag = etag::parse(values.front()))
        return current.tag && current.tag->is_strongly(*tag);
    const auto date = parse_date(values.front(), now);
    return date && current.last_modified == date && *date < now;
}

}  // namespace weft::inline v0::http
