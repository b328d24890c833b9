// SPDX-License-Identifier: Apache-2.0
// expect: weft: what a generator yields
#include <weft/coro/generator.hpp>

#ifdef WEFT_COMPILE_FAIL_CONTROL
constexpr unsigned long alignment = 16;
#else
constexpr unsigned long alignment = 64;
#endif

struct alignas(alignment) block {
    char bytes[64];
};

weft::generator<block> makes() { co_yield block{}; }
