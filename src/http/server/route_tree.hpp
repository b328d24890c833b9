// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>
#include <weft/http/method.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::inline v0::http {

/// What answers one method of a route.
struct endpoint {
    handler answers;
    std::vector<middleware> around;  // of the routers that it was mounted with, the outermost first
    std::optional<std::uint64_t> body_limit;
};

/// A path with parameters, and what answers there.
struct route {
    std::string pattern;  // "/users/{id:int}"
    std::vector<std::string> parameters;  // their names, in the order of the path
    std::array<std::unique_ptr<endpoint>, 9> endpoints;  // by method

    /// The endpoint for `m`: GET's for HEAD if it has none of its own. Null: it does not answer that.
    const endpoint* find(method m) const noexcept;
    /// "GET, HEAD, OPTIONS".
    std::string allowed() const;
};

/// Routes by the segments of their paths. At each segment what is written out is tried first, then a number, then
/// anything, then the rest: a look at no more nodes than there are, whatever the path.
class route_tree {
public:
    /// What a segment of a pattern stands for.
    struct segment {
        enum class kind : std::uint8_t { literal, number, any, rest } what;
        std::string text;  // a literal's, or the parameter's name

        /// Whether it can stand for `value`.
        bool fits(std::string_view value) const noexcept;
    };
    /// @throws std::invalid_argument  it does not begin with "/", a brace is left open, a kind is unknown, …
    static std::vector<segment> parse(std::string_view pattern);

    /// The route of that pattern; made if it is not there. @throws std::invalid_argument
    route& at(std::string_view pattern);
    /// @param path  begins with "/"  @param values  becomes what the parameters stand for: views of `path`
    /// @return null: none
    const route* find(std::string_view path, std::vector<std::string_view>& values) const;

    void set_name(std::string name, const route& r);
    /// @return null: none of that name
    const route* named(std::string_view name) const;

    template <class Visit>
    void for_each(Visit visit) {
        for (const auto& r : routes_) visit(*r);
    }
    const std::map<std::string, const route*, std::less<>>& names() const noexcept { return names_; }

private:
    struct node {
        std::map<std::string, node, std::less<>> literals;
        std::unique_ptr<node> number, any;
        route* rest = nullptr;  // what follows, whatever it is
        route* here = nullptr;
    };
    static const route* find(const node& n, std::string_view left, std::vector<std::string_view>& values);

    node root_;
    std::vector<std::unique_ptr<route>> routes_;
    std::map<std::string, const route*, std::less<>> names_;
};

}  // namespace weft::inline v0::http
