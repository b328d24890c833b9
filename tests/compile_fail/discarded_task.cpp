// SPDX-License-Identifier: Apache-2.0
// expect: a task does nothing until it is awaited: co_await it, or give it to create_task\(\)
#include <weft/coro/task.hpp>

#pragma GCC diagnostic error "-Wunused-result"

weft::task<> compute();

weft::task<> forgets() {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_await compute();
#else
    compute();
    co_return;
#endif
}
