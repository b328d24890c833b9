// SPDX-License-Identifier: Apache-2.0
// expect: weft: pass the array itself: from\(a\)
#include <weft/coro/generator.hpp>

#include <utility>

weft::generator<int> hands_out() {
    int a[] = {1, 2, 3};
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_yield weft::from(a);
#else
    co_yield weft::from(std::move(a));
#endif
}
