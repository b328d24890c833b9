// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

// What the sanitizers are told of stacks, if this is compiled with one: an interface of C, declared here so that nobody needs
// their headers. Without, all of it is nothing.

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_ADDRESS_SANITIZER 1
#elif defined(__SANITIZE_THREAD__)
#define WEFT_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_ADDRESS_SANITIZER 1
#elif __has_feature(thread_sanitizer)
#define WEFT_THREAD_SANITIZER 1
#endif
#endif

extern "C" {
void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, std::size_t bytes);
void __sanitizer_finish_switch_fiber(void* fake_stack, const void** old_bottom, std::size_t* old_bytes);
void __asan_unpoison_memory_region(const volatile void* begin, std::size_t bytes);
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void* fiber);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
}

namespace weft::inline v0::sanitizers {

#if defined(WEFT_ADDRESS_SANITIZER) || defined(WEFT_THREAD_SANITIZER)
inline constexpr bool are_there = true;
#else
inline constexpr bool are_there = false;
#endif

/// The thread sanitizer's name for what runs.
inline void* running_fiber() noexcept {
#if defined(WEFT_THREAD_SANITIZER)
    return __tsan_get_current_fiber();
#else
    return nullptr;
#endif
}

inline void* new_fiber() noexcept {
#if defined(WEFT_THREAD_SANITIZER)
    return __tsan_create_fiber(0);
#else
    return nullptr;
#endif
}

/// Its stack is nobody's any more.
inline void ended([[maybe_unused]] void* state, [[maybe_unused]] const void* bottom,
                  [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(WEFT_ADDRESS_SANITIZER)
    __asan_unpoison_memory_region(bottom, bytes);  // of the last frames, which nobody has left
#elif defined(WEFT_THREAD_SANITIZER)
    if (state) __tsan_destroy_fiber(state);
#endif
}

/// Just before a switch. @param own  null: who switches will not come back
inline void before_switch([[maybe_unused]] void** own, [[maybe_unused]] void* next, [[maybe_unused]] const void* bottom,
                          [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(WEFT_ADDRESS_SANITIZER)
    __sanitizer_start_switch_fiber(own, bottom, bytes);
#elif defined(WEFT_THREAD_SANITIZER)
    __tsan_switch_to_fiber(next, 0);
#endif
}

/// Just behind it, on the other stack. @param own  what was kept for it; null: it begins
inline void after_switch([[maybe_unused]] void* own, [[maybe_unused]] const void** old_bottom,
                         [[maybe_unused]] std::size_t* old_bytes) noexcept {
#if defined(WEFT_ADDRESS_SANITIZER)
    __sanitizer_finish_switch_fiber(own, old_bottom, old_bytes);
#endif
}

}  // namespace weft::inline v0::sanitizers
