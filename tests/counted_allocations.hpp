// SPDX-License-Identifier: Apache-2.0
// Counts every allocation of the program of which any file includes this, and fails one that is named: by a hook of the
// sanitizers', or by standing in front of glibc's malloc.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>

inline constinit std::atomic<std::size_t> allocations{0};
/// The allocation of this number fails. Not under a sanitizer, which stands in malloc's place itself.
inline constinit std::atomic<std::size_t> failing_allocation{~std::size_t{0}};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WEFT_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WEFT_TEST_SANITIZED 1
#endif
#endif

#ifdef WEFT_TEST_SANITIZED
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
inline const int allocation_hook_installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { allocations.fetch_add(1, std::memory_order_relaxed); },
    [](const volatile void*) {});
#else
inline bool allocation_fails() {
    return allocations.fetch_add(1, std::memory_order_relaxed) == failing_allocation.load(std::memory_order_relaxed);
}
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
[[gnu::used]] inline void* malloc(std::size_t bytes) { return allocation_fails() ? nullptr : __libc_malloc(bytes); }
[[gnu::used]] inline void* calloc(std::size_t count, std::size_t bytes) {
    return allocation_fails() ? nullptr : __libc_calloc(count, bytes);
}
[[gnu::used]] inline void* realloc(void* old, std::size_t bytes) {
    return allocation_fails() ? nullptr : __libc_realloc(old, bytes);
}
}
#endif
