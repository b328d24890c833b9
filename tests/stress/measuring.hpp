// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>

#include <chrono>

namespace stress {

#ifdef WEFT_STRESS_MEASURES_HEAP
constexpr bool measures_heap = true;
#else
constexpr bool measures_heap = false;  // frames are larger, or malloc is another one's
#endif

/// Bytes that malloc has given out.
inline long long heap_in_use() {
    const auto heap = mallinfo2();
    return static_cast<long long>(heap.uordblks + heap.hblkhd);
}

/// Seconds since it was made.
class stopwatch {
public:
    double seconds() const { return std::chrono::duration<double>(clock::now() - began_).count(); }

private:
    using clock = std::chrono::steady_clock;
    clock::time_point began_ = clock::now();
};

}  // namespace stress
