// SPDX-License-Identifier: Apache-2.0
// expect-gcc: nothing
// expect-clang: the lock is released when this is destroyed
#include <weft/sync/lock.hpp>

#pragma GCC diagnostic error "-Wunused-result"

weft::task<> works(weft::lock& l) {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    const auto held = co_await l.acquire();
#else
    co_await l.acquire();  // and it is free again
#endif
}
