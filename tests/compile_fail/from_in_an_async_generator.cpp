// SPDX-License-Identifier: Apache-2.0
// expect: weft: co_yield from\(…\) in an async_generator \(nor has Python that\): write for \(auto&& item : source\)
#include <weft/coro/async_generator.hpp>
#include <weft/coro/generator.hpp>

weft::generator<int> inner();

weft::async_generator<int> outer() {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    for (auto&& item : inner()) co_yield item;
#else
    co_yield weft::from(inner());
#endif
}
