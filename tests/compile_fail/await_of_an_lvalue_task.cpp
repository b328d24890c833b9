// SPDX-License-Identifier: Apache-2.0
// expect: weft: this is awaited once and used up by it: write co_await std::move\(t\)
#include <weft/coro/task.hpp>

#include <utility>

weft::task<int> compute();

weft::task<int> waits() {
    auto t = compute();
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_return co_await std::move(t);
#else
    co_await t;
#endif
}
