// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>

#include <string>
#include <string_view>

namespace showcase {

weft::task<std::string> slow_work();
weft::task<std::string> failing_work();
weft::task<std::string> parallel_work();
weft::task<std::string> deadlocked_work();
weft::task<std::string> blocking_work();

/// What a button starts. Awaited, it gives a sentence about what came of it.
struct kind_of_work {
    std::string_view name;
    weft::task<std::string> (*begin)();
    bool blocks = false;  ///< the loop's thread, and so everybody
};

inline constexpr kind_of_work kinds_of_work[] = {
    {"slow", slow_work},           {"failing", failing_work},         {"parallel", parallel_work},
    {"deadlock", deadlocked_work}, {"blocking", blocking_work, true},
};

}  // namespace showcase
