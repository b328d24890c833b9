// SPDX-License-Identifier: Apache-2.0
// expect: an async generator does nothing until it is asked for an element
#include <weft/coro/async_generator.hpp>

#pragma GCC diagnostic error "-Wunused-result"

weft::async_generator<int> counts();

weft::task<> forgets() {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    auto g = counts();
    while (co_await g.next()) {
    }
#else
    counts();
    co_return;
#endif
}
