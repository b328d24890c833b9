// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/task.hpp>

namespace weft::inline v0 {

// A foreign awaiter that resumes a stepped coroutine only marks it: the next step() goes on.
const execution_kind stepped_execution::kind = {
    .wake = [](execution&) {},
    .check_cancellation = [](execution&) {},
    .async_generators = nullptr,
};

void throw_not_awaitable(bool started_by_step) {
    throw invalid_state_error(started_by_step ? "coroutine was already started by step()"
                                              : "cannot reuse already awaited coroutine");
}

}  // namespace weft::inline v0
