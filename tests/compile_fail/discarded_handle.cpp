// SPDX-License-Identifier: Apache-2.0
// expect: dropping a task_handle detaches the task: use spawn\(\) to say so
#include <weft/loop/task_handle.hpp>

#pragma GCC diagnostic error "-Wunused-result"

weft::task<> compute();

void forgets() {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    weft::spawn(compute());
#else
    weft::create_task(compute());
#endif
}
