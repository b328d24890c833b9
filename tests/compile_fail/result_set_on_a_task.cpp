// SPDX-License-Identifier: Apache-2.0
// expect: (is a private member of|is inaccessible within this context)
#include <weft/loop/task_handle.hpp>

weft::task<int> compute();

void meddles() {
    auto h = weft::create_task(compute());
#ifdef WEFT_COMPILE_FAIL_CONTROL
    h.cancel();
#else
    h.set_result(1);
#endif
}
