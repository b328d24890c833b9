// SPDX-License-Identifier: Apache-2.0
// expect: the call is made only when this is awaited
#include <weft/exec/to_thread.hpp>

#pragma GCC diagnostic error "-Wunused-result"

weft::task<> forgets() {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_await weft::to_thread([] {});
#else
    weft::to_thread([] {});
    co_return;
#endif
}
