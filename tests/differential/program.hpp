// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <vector>

// Programs as encoding.py writes them. The order of the names is that of the lists in program.py and encoding.py.

namespace differential {

enum class function_kind { full, silent, plain };
enum class raised { a, b, c, gx, exit };
enum class caught { a, b, c, gx, exit, running, ignored, not_started, cannot_send, exception, any };
enum class verb { next, iterate, send, throw_, close, drop, renew, pause };
enum class delegated { call, slot, list, shared_list, acting };
enum class operation {
    yield,
    from,
    guard,
    end_guard,
    try_,
    end_try,
    jump,
    loop,
    end_loop,
    raise,
    reraise,
    return_,
    make,
    state,
    verb,
    pause
};

constexpr int slot_count = 4;
constexpr int most_lines = 400;  // as in program.py
constexpr int none = -1;  // where Python has None

struct instruction {
    operation op;
    int site;
    int arguments[4];
};

/// What is done to a slot. The argument of throw_ is what is raised and its number.
struct deed {
    verb what;
    int slot;
    int argument[2];
    bool in_task = false;  // one of its own, in async programs
};

struct clause {
    caught what;
    int handler;  // where it begins
};

struct function {
    function_kind kind;
    std::vector<instruction> code;
    std::vector<std::vector<clause>> handlers;  // of each try statement
};

/// A range to delegate to, which at one of its elements raises or resumes what is in a slot.
struct range {
    std::vector<int> elements;
    int at;
    int error;  // of raised, or none
    int error_number;
    int slot;
};

struct program {
    long seed;
    std::vector<function> functions;
    std::vector<range> ranges;
    std::vector<deed> script;
};

/// @return false at the end of the input
bool read(std::istream& in, program& p);

}  // namespace differential
