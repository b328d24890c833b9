// SPDX-License-Identifier: Apache-2.0
// expect: weft: a generator's Send must be void or default-initializable, for next\(\) sends a default: use std::optional<T>, or a pointer
#include <weft/coro/generator.hpp>

#ifdef WEFT_COMPILE_FAIL_CONTROL
weft::generator<int, int*> takes() {
    while (int* const sent = co_yield 1) ++*sent;
#else
weft::generator<int, int&> takes() {
    for (;;) ++(co_yield 1);
#endif
}
