// SPDX-License-Identifier: Apache-2.0
// expect: no member named .return_value.
#include <weft/coro/async_generator.hpp>

weft::async_generator<int> counts() {
    co_yield 1;
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_return;
#else
    co_return 123;
#endif
}
