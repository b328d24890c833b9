// SPDX-License-Identifier: Apache-2.0
#include "weft/findings.hpp"

#include <weft/inspect/json_string.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace {

constexpr std::size_t columns = 100, before_text = 24;

/// Words in lines of at most `columns`, each but the first behind the same indentation.
std::string wrapped(std::string_view text) {
    std::string out;
    std::size_t column = before_text;
    while (!text.empty()) {
        const std::size_t length = std::min(text.find(' '), text.size());
        if (column > before_text && column + 1 + length > columns) {
            out += "\n" + std::string(before_text, ' ');
            column = before_text;
        } else if (column > before_text) {
            out += ' ';
            ++column;
        }
        out += text.substr(0, length);
        column += length;
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    return out;
}

}  // namespace

finding finding::of_text(std::string section, std::string name, std::string text) {
    std::string json = weft::json_string(text);
    return {.section = std::move(section), .name = std::move(name), .text = std::move(text), .json = std::move(json)};
}
finding finding::of_number(std::string section, std::string name, std::uint64_t number) {
    const std::string text = std::to_string(number);
    return {.section = std::move(section), .name = std::move(name), .text = text, .json = text};
}
finding finding::of_flag(std::string section, std::string name, bool flag) {
    return {.section = std::move(section),
            .name = std::move(name),
            .text = flag ? "yes" : "no",
            .json = flag ? "true" : "false"};
}
std::string as_text(const std::vector<finding>& findings, const terminal& screen) {
    using enum terminal::colour;
    std::string out, section;
    for (const finding& f : findings) {
        if (f.section != section) out += (section.empty() ? "" : "\n") + screen.in(bold, f.section) + "\n";
        section = f.section;
        const std::string indentation(before_text, ' ');
        std::string name = (f.problem.empty() ? "  " : "! ") + f.name + " ";
        name.resize(std::max(name.size(), before_text), ' ');
        out += screen.in(f.problem.empty() ? plain : yellow, name + wrapped(f.text)) + "\n";
        if (f.problem.empty()) continue;
        out += indentation + wrapped(f.problem) + "\n";
        out += indentation + screen.in(cyan, wrapped("-> " + f.remedy)) + "\n";
    }
    return out;
}

std::string as_json(const std::vector<finding>& findings) {
    std::string out = "{", section, problems;
    for (const finding& f : findings) {
        if (f.section != section) out += (section.empty() ? "\n" : "},\n") + weft::json_string(f.section) + ": {";
        out += (f.section == section ? ", " : "") + weft::json_string(f.name) + ": " + f.json;
        section = f.section;
        if (f.problem.empty()) continue;
        problems += (problems.empty() ? "" : ",\n") + ("{\"section\": " + weft::json_string(f.section)) +
                    ", \"name\": " + weft::json_string(f.name) + ", \"problem\": " + weft::json_string(f.problem) +
                    ", \"remedy\": " + weft::json_string(f.remedy) + "}";
    }
    return out + "},\n\"problems\": [" + problems + "]}\n";
}
