// SPDX-License-Identifier: Apache-2.0
// expect: no matching function for call to 'to_thread
#include <weft/exec/to_thread.hpp>

#include <functional>

weft::task<> counts() {
    int n = 0;
    const auto add = [](int& to) { ++to; };
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_await weft::to_thread(add, std::ref(n));
#else
    co_await weft::to_thread(add, n);  // the thread would count in a copy
#endif
}
