// SPDX-License-Identifier: Apache-2.0
#include <weft/inspect/capture_stack.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_core.hpp>

#include <utility>

namespace weft::inline v0 {

namespace {
std::vector<stack_frame> stack_of(task_core& task) { return await_chain(task.kind().outermost(task)); }
}  // namespace

std::vector<stack_frame> capture_stack(const any_task& task) { return stack_of(task.core()); }

std::vector<stack_frame> capture_stack(future_core& f) {
    task_core* const task = f.task();
    return task ? stack_of(*task) : std::vector<stack_frame>();
}

std::vector<stack_frame> capture_stack(std::source_location here) {
    std::vector<stack_frame> frames = stack_of(current_task_core());
    stack_frame last = to_stack_frame(here);
    // The coroutine that runs is known by the await that it passed last.
    if (!frames.empty() && frames.back().function == last.function &&
        (frames.back().file == last.file || frames.back().line == 0)) {
        frames.back() = std::move(last);
    } else {
        frames.push_back(std::move(last));
    }
    return frames;
}

}  // namespace weft::inline v0
