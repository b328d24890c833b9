// SPDX-License-Identifier: Apache-2.0
// expect: weft: co_yield in a task: make the function return weft::generator<T>
#include <weft/coro/task.hpp>

weft::task<int> counts() {
#ifndef WEFT_COMPILE_FAIL_CONTROL
    co_yield 1;
#endif
    co_return 1;
}
