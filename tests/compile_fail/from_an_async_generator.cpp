// SPDX-License-Identifier: Apache-2.0
// expect: weft: from\(\) takes a generator or a range, no async_generator \(nor has Python that\): write while
#include <weft/coro/async_generator.hpp>
#include <weft/coro/generator.hpp>

weft::async_generator<int> inner();

weft::generator<int> outer() {
#ifndef WEFT_COMPILE_FAIL_CONTROL
    co_yield weft::from(inner());
#endif
    co_yield 1;
}
