// SPDX-License-Identifier: Apache-2.0
// expect: weft: from\(\) takes the generator over: write from\(std::move\(g\)\)
#include <weft/coro/generator.hpp>

#include <utility>

weft::generator<int> outer(weft::generator<int> inner) {
#ifdef WEFT_COMPILE_FAIL_CONTROL
    co_yield weft::from(std::move(inner));
#else
    co_yield weft::from(inner);
#endif
}
