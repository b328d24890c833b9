// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>

#include <cstddef>
#include <istream>
#include <map>
#include <string>
#include <vector>

// Programs as program.py writes them; what they mean is in statements/.

namespace differential {

class world;
class body;
struct statement;

using block = std::vector<statement>;
using number = long long;

/// What callbacks can do as well as tasks. @param who  whose log it is
using action = void (*)(world&, const std::string& who, const statement&);
/// What only tasks do. @return awaited: whether the body returns
using activity = weft::task<bool> (*)(body&, const statement&);

struct statement {
    std::string name;
    action act = nullptr;  // one of the two
    activity perform = nullptr;
    int site = 0;
    std::vector<number> numbers;
    std::vector<block> blocks;

    std::size_t which() const { return static_cast<std::size_t>(numbers[0]); }
};

constexpr number first_future = 1000;
constexpr number none = -1;  // nothing to refer to, or no deadline

struct program {
    bool racing = false;
    long seed = 0;
    number horizon = 0, pause = 0;
    std::vector<number> futures, locks, events, conditions, semaphores, bounded_semaphores, barriers, queues;
    block body;
};

/// What the words of programs mean: every file in statements/ adds its own.
struct vocabulary {
    std::map<std::string, action> actions;
    std::map<std::string, activity> activities;
};
const vocabulary& words();

/// @return false at the end of the input
bool read(std::istream& in, program& p);

}  // namespace differential
