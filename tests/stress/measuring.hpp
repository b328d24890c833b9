// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>

#include <chrono>
#include <cstddef>

// Where there is a sanitizer: <sanitizer/allocator_interface.h>.
extern "C" [[gnu::weak]] std::size_t __sanitizer_get_current_allocated_bytes();
extern "C" [[gnu::weak]] void __sanitizer_purge_allocator();

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_STRESS_COUNTS_EVERY_BYTE
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_STRESS_COUNTS_EVERY_BYTE
#endif
#endif

namespace stress {

#ifdef WEFT_STRESS_MEASURES_HEAP
constexpr bool measures_heap = true;
#else
constexpr bool measures_heap = false;  // frames are larger, or malloc is another one's
#endif

#ifdef WEFT_STRESS_COUNTS_EVERY_BYTE
constexpr bool counts_every_byte = true;  // frames are not kept for the next time
#else
constexpr bool counts_every_byte = false;
#endif

/// Bytes that malloc has given out, the sanitizer's if that stands in its place.
inline long long heap_in_use() {
    // Else what is freed counts until so much more has been that the sanitizer does not watch over it any longer.
    if (__sanitizer_purge_allocator) __sanitizer_purge_allocator();
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
