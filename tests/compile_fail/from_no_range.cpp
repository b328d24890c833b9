// SPDX-License-Identifier: Apache-2.0
// expect: weft: from\(\) takes a generator or an input range
#include <weft/coro/generator.hpp>

weft::generator<int> outer() {
#ifndef WEFT_COMPILE_FAIL_CONTROL
    co_yield weft::from(42);
#endif
    co_yield 1;
}
