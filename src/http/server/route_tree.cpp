// SPDX-License-Identifier: Apache-2.0
#include "http/server/route_tree.hpp"

#include "http/syntax/characters.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

namespace {

bool is_number(std::string_view text) noexcept {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && std::ranges::all_of(text, is_digit);
}

[[noreturn]] void refuse(std::string_view pattern, const char* why) {
    throw std::invalid_argument("http::router: '" + std::string(pattern) + "': " + why);
}

route_tree::segment parse_parameter(std::string_view pattern, std::string_view inside) {
    using enum route_tree::segment::kind;
    const std::size_t colon = inside.find(':');
    const std::string_view name = inside.substr(0, colon);
    const std::string_view kind = colon == std::string_view::npos ? "str" : inside.substr(colon + 1);
    const auto is_name_character = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    if (name.empty() || !std::ranges::all_of(name, is_name_character))
        refuse(pattern, "a parameter's name is of letters, digits and underscores");
    if (kind == "str") return {any, std::string(name)};
    if (kind == "int") return {number, std::string(name)};
    if (kind == "path") return {rest, std::string(name)};
    refuse(pattern, "a parameter is {name}, {name:str}, {name:int} or {name:path}");
}

}  // namespace

const endpoint* route::find(method m) const noexcept {
    const auto of = [this](method each) { return endpoints[static_cast<std::size_t>(each)].get(); };
    return m == method::head && !of(method::head) ? of(method::get) : of(m);
}

std::string route::allowed() const {
    std::string names;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const auto m = static_cast<method>(i);
        if (!find(m) && m != method::options) continue;
        names.append(names.empty() ? "" : ", ").append(to_string(m));
    }
    return names;
}

bool route_tree::segment::fits(std::string_view value) const noexcept {
    switch (what) {
        case kind::literal: return value == text;
        case kind::number: return is_number(value);
        case kind::any: return !value.empty() && !value.contains('/');
        case kind::rest: break;
    }
    return true;
}

std::vector<route_tree::segment> route_tree::parse(std::string_view pattern) {
    if (!pattern.starts_with('/')) refuse(pattern, "a path begins with '/'");
    std::vector<segment> segments;
    for (std::string_view left = pattern.substr(1);;) {
        const std::size_t slash = left.find('/');
        const std::string_view text = left.substr(0, slash);
        if (text.starts_with('{') && text.ends_with('}')) {
            segment parameter = parse_parameter(pattern, text.substr(1, text.size() - 2));
            if (parameter.what == segment::kind::rest && slash != std::string_view::npos)
                refuse(pattern, "{name:path} stands at the end");
            for (const segment& s : segments) {
                if (s.what != segment::kind::literal && s.text == parameter.text)
                    refuse(pattern, "two parameters have the same name");
            }
            segments.push_back(std::move(parameter));
        } else if (text.find_first_of("{}") != std::string_view::npos) {
            refuse(pattern, "a parameter is a whole segment");
        } else if (text.starts_with(':') || (text.starts_with('<') && text.ends_with('>'))) {
            // Gin's and Flask's, which as they stand would match nothing.
            refuse(pattern, "a parameter is written {name} or {name:int}");
        } else {
            segments.push_back({segment::kind::literal, std::string(text)});
        }
        if (slash == std::string_view::npos) return segments;
        left.remove_prefix(slash + 1);
    }
}

route& route_tree::at(std::string_view pattern) {
    const std::vector<segment> segments = parse(pattern);
    node* n = &root_;
    route** place = nullptr;
    std::vector<std::string> parameters;
    for (const segment& s : segments) {
        const auto child = [](std::unique_ptr<node>& c) {
            if (!c) c = std::make_unique<node>();
            return c.get();
        };
        if (s.what != segment::kind::literal) parameters.push_back(s.text);
        switch (s.what) {
            case segment::kind::literal: n = &n->literals[s.text]; break;
            case segment::kind::number: n = child(n->number); break;
            case segment::kind::any: n = child(n->any); break;
            case segment::kind::rest: place = &n->rest; break;
        }
    }
    if (!place) place = &n->here;
    if (!*place) {
        auto added = std::make_unique<route>();
        added->pattern = pattern;
        added->parameters = std::move(parameters);
        routes_.push_back(std::move(added));
        *place = routes_.back().get();
    } else if ((*place)->parameters != parameters) {
        refuse(pattern, ("is the same path as '" + (*place)->pattern + "' by other names").c_str());
    }
    return **place;
}

const route* route_tree::find(std::string_view path, std::vector<std::string_view>& values) const {
    values.clear();
    return path.starts_with('/') ? find(root_, path.substr(1), values) : nullptr;
}

const route* route_tree::find(const node& n, std::string_view left, std::vector<std::string_view>& values) {
    const std::size_t slash = left.find('/');
    const std::string_view text = left.substr(0, slash);
    const auto go_on = [&](const node& child) -> const route* {
        return slash == std::string_view::npos ? child.here : find(child, left.substr(slash + 1), values);
    };
    const auto as_parameter = [&](const node* child) -> const route* {
        if (!child || text.empty()) return nullptr;
        values.push_back(text);
        const route* const found = go_on(*child);
        if (!found) values.pop_back();
        return found;
    };
    if (const auto literal = n.literals.find(text); literal != n.literals.end()) {
        if (const route* const found = go_on(literal->second)) return found;
    }
    if (n.number && is_number(text)) {
        if (const route* const found = as_parameter(n.number.get())) return found;
    }
    if (const route* const found = as_parameter(n.any.get())) return found;
    if (n.rest) values.push_back(left);
    return n.rest;
}

void route_tree::set_name(std::string name, const route& r) {
    const auto [at, added] = names_.try_emplace(std::move(name), &r);
    if (!added && at->second != &r)
        throw std::invalid_argument("http::router: '" + at->first + "' is the name of '" + at->second->pattern +
                                    "' already");
}

const route* route_tree::named(std::string_view name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : found->second;
}

}  // namespace weft::inline v0::http
