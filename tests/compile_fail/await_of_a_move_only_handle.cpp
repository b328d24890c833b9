// SPDX-License-Identifier: Apache-2.0
// expect: weft: this result cannot be copied: write co_await std::move\(f\)
#include <weft/loop/task_handle.hpp>

#include <memory>
#include <utility>

weft::task<std::unique_ptr<int>> compute();

weft::task<> waits() {
    auto h = weft::create_task(compute());
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_await std::move(h);
#else
    co_await h;
#endif
}
