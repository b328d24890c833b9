// SPDX-License-Identifier: Apache-2.0
// What does not hold ends the program at once, on whatever thread it is found, and says how to see it again.
#pragma once

#include <string>
#include <string_view>

namespace stress {

/// What to type to see again what runs now: printed by whatever ends the program, a sanitizer's report and a crash among
/// them. @thread the main one, while no other runs
void set_repeat_command(std::string command);

/// @thread any
[[noreturn]] void fail(std::string_view what);

inline void require(bool holds, std::string_view otherwise) {
    if (!holds) [[unlikely]]
        fail(otherwise);
}

/// For numbers: says both.
void require_equal(long long is, long long wanted, std::string_view what);

}  // namespace stress
