// SPDX-License-Identifier: Apache-2.0
// expect: weft: from\(\): both generators must yield the same type
#include <weft/coro/generator.hpp>

#ifdef WEFT_COMPILE_FAIL_CONTROL
weft::generator<long> inner();
#else
weft::generator<int> inner();
#endif

weft::generator<long> outer() { co_yield weft::from(inner()); }
