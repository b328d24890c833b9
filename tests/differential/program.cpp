// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <cstdio>
#include <cstdlib>

namespace differential {
namespace {

template <class T>
T next(std::istream& in) {
    int number = 0;
    if (!(in >> number)) {
        std::fputs("the input ends within a program\n", stderr);
        std::exit(2);
    }
    return static_cast<T>(number);
}

template <class T>
std::vector<T> several(std::istream& in, T (*one)(std::istream&)) {
    std::vector<T> all;
    for (int left = next<int>(in); left > 0; --left) all.push_back(one(in));
    return all;
}

// Members are initialized in the order of the text: what stands in braces is evaluated from left to right.
instruction read_instruction(std::istream& in) {
    return {next<operation>(in), next<int>(in), {next<int>(in), next<int>(in), next<int>(in), next<int>(in)}};
}
clause read_clause(std::istream& in) { return {next<caught>(in), next<int>(in)}; }
std::vector<clause> read_clauses(std::istream& in) { return several(in, read_clause); }
function read_function(std::istream& in) {
    return {next<function_kind>(in), several(in, read_instruction), several(in, read_clauses)};
}
range read_range(std::istream& in) {
    return {several(in, next<int>), next<int>(in), next<int>(in), next<int>(in), next<int>(in)};
}
deed read_deed(std::istream& in) {
    return {next<verb>(in), next<int>(in), {next<int>(in), next<int>(in)}, next<bool>(in)};
}

}  // namespace

bool read(std::istream& in, program& p) {
    if (!(in >> p.seed)) return false;
    p.functions = several(in, read_function);
    p.ranges = several(in, read_range);
    p.script = several(in, read_deed);
    return true;
}

}  // namespace differential
