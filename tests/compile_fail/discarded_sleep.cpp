// SPDX-License-Identifier: Apache-2.0
// expect: sleep does nothing unless it is awaited
#include <weft/coro/task.hpp>
#include <weft/flow/sleep.hpp>

#pragma GCC diagnostic error "-Wunused-result"

weft::task<> forgets() {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_await weft::sleep(std::chrono::seconds(1));
#else
    weft::sleep(std::chrono::seconds(1));
    co_return;
#endif
}
