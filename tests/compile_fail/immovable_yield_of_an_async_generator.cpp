// SPDX-License-Identifier: Apache-2.0
// expect: weft: an async_generator yields what can be moved; to yield what cannot, make it async_generator<T&>
#include <weft/coro/async_generator.hpp>

#include <mutex>

#ifdef WEFT_COMPILE_FAIL_CONTROL
weft::async_generator<std::mutex&> makes() {
#else
weft::async_generator<std::mutex> makes() {
#endif
    std::mutex m;
    co_yield m;
}
