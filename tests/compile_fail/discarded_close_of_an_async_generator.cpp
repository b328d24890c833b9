// SPDX-License-Identifier: Apache-2.0
// expect: 'nodiscard'( attribute)?: '?co_await it
#include <weft/coro/async_generator.hpp>

#pragma GCC diagnostic error "-Wunused-result"

weft::task<> forgets(weft::async_generator<int, int>& g) {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_await g.close();
#else
    g.close();
    co_return;
#endif
}
