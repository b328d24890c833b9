// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>

#include <chrono>
#include <cstddef>

extern "C" [[gnu::weak]] std::size_t __sanitizer_get_current_allocated_bytes();

namespace stress {

#ifdef WEFT_STRESS_MEASURES_HEAP
constexpr bool measures_heap = true;
#else
constexpr bool measures_heap = false;  // frames are larger, or malloc is another one's
#endif

/// Bytes that malloc has given out, the sanitizer's if that stands in its place.
inline long long heap_in_use() {
    if (__sanitizer_get_current_allocated_bytes)
        return static_cast<long long>(__sanitizer_get_current_allocated_bytes());
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
