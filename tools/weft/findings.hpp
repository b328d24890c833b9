// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/terminal.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// One thing that `weft doctor` has found out.
struct finding {
    std::string section, name;
    std::string text;  ///< as a person reads it
    std::string json;  ///< the same as a JSON value
    std::string problem{};  ///< what it limits; empty: nothing
    std::string remedy{};  ///< and what can be done about that

    static finding of_text(std::string section, std::string name, std::string text);
    static finding of_number(std::string section, std::string name, std::uint64_t number);
    static finding of_flag(std::string section, std::string name, bool flag);
};

/// Sections with a line for each, in their order; what limits something is marked, and followed by what to do.
std::string as_text(const std::vector<finding>& findings, const terminal& screen);
/// `{"section": {"name": value, …}, …, "problems": [{"section", "name", "problem", "remedy"}, …]}`
std::string as_json(const std::vector<finding>& findings);
