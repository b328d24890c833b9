// SPDX-License-Identifier: Apache-2.0
// expect: weft: a generator yields what can be moved; to yield what cannot, make it a generator<T&>
#include <weft/coro/generator.hpp>

#include <mutex>

#ifdef WEFT_COMPILE_FAIL_CONTROL
weft::generator<std::mutex&> makes() {
#else
weft::generator<std::mutex> makes() {
#endif
    std::mutex m;
    co_yield m;
}
