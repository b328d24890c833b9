// SPDX-License-Identifier: Apache-2.0
// expect: weft: calling a coroutine function on another thread makes a coroutine there and runs nothing of it
#include <weft/exec/to_thread.hpp>

#ifdef WEFT_COMPILE_FAIL_CONTROL
int work() { return 1; }
#else
weft::task<int> work() { co_return 1; }
#endif

weft::task<> waits() { (void)co_await weft::to_thread(work); }
