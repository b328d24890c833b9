// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/any_task.hpp>
#include <weft/loop/event_loop.hpp>

namespace weft::inline v0 {

any_task current_task() { return current_task_core(); }

std::vector<any_task> all_tasks() { return all_tasks(get_running_loop()); }

std::vector<any_task> all_tasks(event_loop& loop) {
    std::vector<any_task> all;
    all.reserve(loop.tasks().size());
    loop.tasks().for_each([&](task_core& t) { all.emplace_back(t); });
    return all;
}

}  // namespace weft::inline v0
