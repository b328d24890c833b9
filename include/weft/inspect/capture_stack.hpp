// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/traceback.hpp>
#include <weft/loop/any_task.hpp>
#include <weft/loop/future.hpp>

#include <source_location>
#include <vector>

namespace weft::inline v0 {

/// Where a task stands: each coroutine of its chain of awaits with function, file and line, the innermost last. Empty once
/// it is done.
/// @thread its loop's  @cost some strings a frame  @see format_stack, asyncio.Task.get_stack
std::vector<stack_frame> capture_stack(const any_task& task);
/// The same of the task whose result this is, as a task_handle is too; empty for other futures.
std::vector<stack_frame> capture_stack(future_core& f);
template <class T>
std::vector<stack_frame> capture_stack(const future<T>& f) {
    return capture_stack(static_cast<future_core&>(f.state()));
}
/// Where the task that calls this stands; last the call itself: a frame of its own where it is in a function that the
/// coroutine has called. @param here  leave it to its default  @throws no_running_loop_error  no task runs on this thread
std::vector<stack_frame> capture_stack(std::source_location here = std::source_location::current());

}  // namespace weft::inline v0
