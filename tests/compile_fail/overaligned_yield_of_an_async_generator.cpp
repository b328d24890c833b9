// SPDX-License-Identifier: Apache-2.0
// expect: weft: what an async_generator yields by value may not be aligned more strictly than std::max_align_t; yield a
#include <weft/coro/async_generator.hpp>

#ifdef WEFT_COMPILE_FAIL_CONTROL
constexpr unsigned long alignment = 16;
#else
constexpr unsigned long alignment = 64;
#endif

struct alignas(alignment) block {
    char bytes[64];
};

weft::async_generator<block> makes() { co_yield block{}; }
