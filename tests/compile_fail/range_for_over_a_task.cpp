// SPDX-License-Identifier: Apache-2.0
// expect: weft: range-for over a task
#include <weft/coro/task.hpp>

#include <vector>

weft::task<std::vector<int>> compute();

weft::task<int> sums() {
    int sum = 0;
#ifdef WEFT_COMPILE_FAIL_CONTROL
    const std::vector<int> computed = co_await compute();
    for (int i : computed) sum += i;
#else
    for (int i : compute()) sum += i;
#endif
    co_return sum;
}
