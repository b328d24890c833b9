// SPDX-License-Identifier: Apache-2.0
// expect: weft: co_await in a generator: make the function return weft::async_generator<T>, whose body may await
#include <weft/coro/generator.hpp>
#include <weft/coro/task.hpp>

weft::task<int> compute();

weft::generator<int> counts() {
#ifndef WEFT_COMPILE_FAIL_CONTROL
    co_await compute();
#endif
    co_yield 1;
}
