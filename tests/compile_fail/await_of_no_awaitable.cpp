// SPDX-License-Identifier: Apache-2.0
// expect: weft: co_await needs an awaitable: a task, a task_handle, a future, an operation
#include <weft/coro/task.hpp>

weft::task<> waits() {
#ifndef WEFT_COMPILE_FAIL_CONTROL
    co_await 42;
#endif
    co_return;
}
