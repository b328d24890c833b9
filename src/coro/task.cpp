// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/task.hpp>

namespace weft::inline v0 {

// A foreign awaiter that resumes a stepped coroutine only marks it: the next step() goes on.
const execution_kind stepped_execution::kind = {
    .wake = [](execution&) {},
    .check_cancellation = [](execution&) {},
    .async_generators = nullptr,
};

}  // namespace weft::inline v0
