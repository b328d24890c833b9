// SPDX-License-Identifier: Apache-2.0
// expect: weft: from\(\) takes a generator or a range, no task: a task gives one result, and is awaited
#include <weft/coro/generator.hpp>
#include <weft/coro/task.hpp>

weft::task<int> compute();

weft::generator<int> outer() {
#ifndef WEFT_COMPILE_FAIL_CONTROL
    co_yield weft::from(compute());
#endif
    co_yield 1;
}
