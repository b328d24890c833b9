// SPDX-License-Identifier: Apache-2.0
// expect: weft: a task's result may not be aligned more strictly than std::max_align_t
#include <weft/coro/task.hpp>

#ifdef WEFT_COMPILE_FAIL_CONTROL
constexpr unsigned long alignment = 16;
#else
constexpr unsigned long alignment = 64;
#endif

struct alignas(alignment) block {
    char bytes[64];
};

weft::task<block> makes() { co_return block{}; }
