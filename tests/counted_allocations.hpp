// SPDX-License-Identifier: Apache-2.0
// Counts every allocation of the program of which any file includes this, and fails one that is named: by standing in
// front of glibc's malloc. The sanitizers stand there themselves and have a hook that counts; what fails under the address
// sanitizer, which finds what leaks then, is operator new (failing_allocations.cpp). Under the thread sanitizer none does.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_TEST_SANITIZED 1
#elif defined(__SANITIZE_THREAD__)
#define WEFT_TEST_SANITIZED 1
#define WEFT_TEST_NO_ALLOCATION_FAILS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_TEST_SANITIZED 1
#elif __has_feature(thread_sanitizer)
#define WEFT_TEST_SANITIZED 1
#define WEFT_TEST_NO_ALLOCATION_FAILS 1
#endif
#endif

constexpr std::size_t no_allocation = ~std::size_t{0};
inline constinit std::atomic<std::size_t> allocations{0};
/// The allocation of this number fails, or the first after it that can; then it is no_allocation again.
inline constinit std::atomic<std::size_t> failing_allocation{no_allocation};

/// All that follow fail as well, until failing_allocation is no_allocation again.
inline constinit std::atomic<bool> rest_fails{false};

/// Whether the allocation of this number is to fail.
inline bool allocation_fails(std::size_t number) {
    std::size_t failing = failing_allocation.load(std::memory_order_relaxed);
    if (number < failing) return false;
    return rest_fails.load(std::memory_order_relaxed) ||
           failing_allocation.compare_exchange_strong(failing, no_allocation);
}

#ifdef WEFT_TEST_SANITIZED
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
inline const int allocation_hook_installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { allocations.fetch_add(1, std::memory_order_relaxed); },
    [](const volatile void*) {});
#else
/// Elsewhere none fails: glibc ends the program where there is no memory for what is a thread's own.
inline const pthread_t main_thread = ::pthread_self();
inline bool next_allocation_fails() {
    const std::size_t number = allocations.fetch_add(1, std::memory_order_relaxed);
    return failing_allocation.load(std::memory_order_relaxed) <= number && ::pthread_self() == main_thread &&
           allocation_fails(number);
}
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
[[gnu::used]] inline void* malloc(std::size_t bytes) {
    return next_allocation_fails() ? nullptr : __libc_malloc(bytes);
}
[[gnu::used]] inline void* calloc(std::size_t count, std::size_t bytes) {
    return next_allocation_fails() ? nullptr : __libc_calloc(count, bytes);
}
[[gnu::used]] inline void* realloc(void* old, std::size_t bytes) {
    return next_allocation_fails() ? nullptr : __libc_realloc(old, bytes);
}
}
#endif
