// SPDX-License-Identifier: Apache-2.0
// expect: weft: from\(\): the inner generator must be sent what the outer one is, or nothing
#include <weft/coro/generator.hpp>

#ifdef WEFT_COMPILE_FAIL_CONTROL
weft::generator<int, long> inner();
#else
weft::generator<int, int> inner();
#endif

weft::generator<int, long> outer() { co_yield weft::from(inner()); }
