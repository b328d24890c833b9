// SPDX-License-Identifier: Apache-2.0
// What is in a trace, by way of Python's JSON: a reader that weft's writer knows nothing of.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace weft_test {

struct trace_event {
    char phase;
    std::string category, name, id;
    std::int64_t when_ns, took_ns;
    std::map<std::string, std::string> arguments;

    std::int64_t end_ns() const { return when_ns + took_ns; }
};

/// @throws std::runtime_error  it is no JSON, or an event lacks what each must have
inline std::vector<trace_event> read_trace(const std::string& path) {
    static const char* const program = R"(
import json, sys
from decimal import Decimal
trace = json.load(open(sys.argv[1], encoding="utf-8"), parse_float=Decimal)
nanos = lambda t: int(t * 1000)
clean = lambda text: str(text).replace("\n", "\\n")
for e in trace["traceEvents"]:
    assert isinstance(e["pid"], int) and isinstance(e["tid"], int), e
    fields = [e["ph"], e["cat"], e["name"], e.get("id", ""), nanos(e["ts"]), nanos(e.get("dur", 0))]
    for key, value in e.get("args", {}).items():
        fields += [key, value]
    print("\x1f".join(map(clean, fields)))
print("complete")
)";
    const std::string command = "python3 -c '" + std::string(program) + "' '" + path + "'";
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (!pipe) throw std::runtime_error("popen");
    std::string text;
    std::array<char, 4096> piece;
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), pipe)) text.append(piece.data(), count);
    if (::pclose(pipe) != 0 || !text.ends_with("complete\n")) throw std::runtime_error("no trace: " + path);

    std::vector<trace_event> events;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line) && line != "complete";) {
        std::vector<std::string> fields(1);
        for (const char c : line) {
            if (c == '\x1f') {
                fields.emplace_back();
            } else {
                fields.back() += c;
            }
        }
        trace_event e{.phase = fields.at(0).at(0),
                      .category = fields.at(1),
                      .name = fields.at(2),
                      .id = fields.at(3),
                      .when_ns = std::stoll(fields.at(4)),
                      .took_ns = std::stoll(fields.at(5)),
                      .arguments = {}};
        for (std::size_t i = 6; i + 1 < fields.size(); i += 2) e.arguments[fields[i]] = fields[i + 1];
        events.push_back(std::move(e));
    }
    return events;
}

/// Those of a phase and category, in their order; of one name, if one is given.
inline std::vector<trace_event> those(const std::vector<trace_event>& events, char phase, const std::string& category,
                                      const std::string& name = {}) {
    std::vector<trace_event> found;
    for (const trace_event& e : events) {
        if (e.phase == phase && e.category == category && (name.empty() || e.name == name)) found.push_back(e);
    }
    return found;
}

}  // namespace weft_test
