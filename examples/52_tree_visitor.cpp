// SPDX-License-Identifier: Apache-2.0
// A tree of std::variant nodes as a range, by the visitor that one would write anyway: std::visit calls an ordinary function,
// that one std::visit again, and wherever it stands it may yield. A coroutine could not (only its own body may co_yield):
// each level would be a generator of its own, as in 14_tree.cpp, and std::visit a chain of std::get_if.
//
//     def walk(node):                 # with greenlet, or as here:
//         for each in node.children:  # no `yield from` on the way up
//             walk(each)
#include <weft/fiber/fiber_generator.hpp>
#include <weft/weft.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <variant>
#include <vector>

struct text {
    std::string words;
};
struct reference {
    std::string label, target;
};
struct section;
using node = std::variant<text, reference, section>;
struct section {
    std::string title;
    std::vector<node> children;
};

/// Yields every link, and how deep it lies.
struct links_in {
    weft::yielder<std::string> yield;
    int depth = 0;

    void operator()(const text&) const {}
    void operator()(const reference& l) const { yield(std::to_string(depth) + " " + l.label + " -> " + l.target); }
    void operator()(const section& s) const {
        for (const node& child : s.children) std::visit(links_in{yield, depth + 1}, child);
    }
};
weft::fiber_generator<std::string> links(const node& root) {
    return [&root](auto yield) { std::visit(links_in{yield}, root); };
}

/// Yields every section, and goes in unless it is told to pass it by.
using titles = weft::fiber_generator<const section&, std::optional<bool>>;
titles sections(const node& root) {
    return [&root](auto& yield) {
        const auto visit = [&yield](const auto& self, const node& n) -> void {
            const auto* const s = std::get_if<section>(&n);
            if (!s || yield(*s) == false) return;
            std::ranges::for_each(s->children, [&](const node& child) { self(self, child); });
        };
        visit(visit, root);
    };
}

int main() {
    const node page = section{
        "weft",
        {text{"Concurrency for C++."},
         section{"generators", {reference{"PEP 255", "pep-0255"}, section{"from", {reference{"PEP 380", "pep-0380"}}}}},
         section{"fibers", {text{"As in"}, reference{"greenlet", "greenlet"}}}}};

    for (const std::string& l : links(page)) std::puts(l.c_str());

    // Asked no further than to what is looked for: then it is destroyed, where it stands, and its stack unwound.
    auto all = links(page);
    const auto found = std::ranges::find_if(all, [](const std::string& l) { return l.contains("380"); });
    std::printf("found: %s\n", (*found).c_str());

    auto walk = sections(page);
    for (const section* s = walk.next(); s; s = walk.send(s->title != "generators"))
        std::printf("section %s\n", s->title.c_str());
}
