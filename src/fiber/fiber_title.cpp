// SPDX-License-Identifier: Apache-2.0
#include "fiber/fiber_title.hpp"

#include <weft/fiber/fiber_promise.hpp>
#include <weft/loop/task_core.hpp>

#include <charconv>
#include <cstddef>

namespace weft::inline v0 {

namespace {

/// Null: it is no task's.
task_core* task_of(const fiber_promise* p) noexcept {
    execution* const e = p ? p->running_in() : nullptr;
    return e && e->loop() ? static_cast<task_core*>(e) : nullptr;
}

/// Where somebody awaits the coroutine that awaits the fiber; else where the task was made.
std::source_location place_of(const fiber_promise& p, task_core& task) noexcept {
    if (const promise_base* const as_task = p.awaiter(); as_task && as_task->awaiter())
        return as_task->awaiter()->where();
    const promise_base* const outermost = task.kind().outermost(task);
    return outermost ? outermost->created_at() : std::source_location();
}

}  // namespace

fiber_title::fiber_title(const fiber_core& f) noexcept : name_(f.name()), made_at_(f.made_at()) {
    const fiber_promise* const p = f.promise();
    task_core* const task = task_of(p);
    if (!task) return;
    // A generator that waits has the promise of who asks it, and a name and a place of its own.
    const bool is_the_tasks = p->own_fiber() == &f;
    if (name_.empty() || (is_the_tasks && !task->own_name().empty())) name_ = task->own_name();
    if (name_.empty()) name_ = number_of(*task);
    if (is_the_tasks && made_at_.line() == 0) made_at_ = place_of(*p, *task);
}

std::string_view fiber_title::number_of(const task_core& task) noexcept {
    constexpr std::string_view begin = "Task-";
    begin.copy(number_, begin.size());
    const auto end = std::to_chars(number_ + begin.size(), number_ + sizeof number_, task.id()).ptr;
    return {number_, static_cast<std::size_t>(end - number_)};
}

}  // namespace weft::inline v0
