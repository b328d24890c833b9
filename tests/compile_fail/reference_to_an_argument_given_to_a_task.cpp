// SPDX-License-Identifier: Apache-2.0
// expect: no matching function for call to 'create_task
#include <weft/loop/task_handle.hpp>

#include <functional>

weft::task<> counts() {
    int n = 0;
    const auto add = [](int& to) -> weft::task<> {
        ++to;
        co_return;
    };
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_await weft::create_task(add, std::ref(n));
#else
    co_await weft::create_task(add, n);  // the task would count in a copy
#endif
}
