// SPDX-License-Identifier: Apache-2.0
// expect: a generator does nothing until it is asked for an element
#include <weft/coro/generator.hpp>

#pragma GCC diagnostic error "-Wunused-result"

weft::generator<int> counts();

void forgets() {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    for ([[maybe_unused]] int i : counts()) {
    }
#else
    counts();
#endif
}
