// SPDX-License-Identifier: Apache-2.0
// OpenSSL's allocations, apart from the program's: they fail by themselves, and nobody else counts them.
#pragma once

#include <openssl/crypto.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__has_feature)
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
#define WEFT_TEST_BESIDE_MALLOC 1
#endif
#elif !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WEFT_TEST_BESIDE_MALLOC 1
#endif

#ifdef WEFT_TEST_BESIDE_MALLOC
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_realloc(void*, std::size_t);
}
#endif

namespace weft_test {

constexpr long never_fails = -1;
/// Of OpenSSL's next allocations the one with this number fails.
inline constinit thread_local long openssl_allocations_left = never_fails;
/// How many it holds.
inline constinit std::atomic<long> openssl_allocations_held = 0;

inline bool openssl_allocation_fails() { return openssl_allocations_left >= 0 && openssl_allocations_left-- == 0; }
inline void* openssl_allocate(std::size_t size, const char*, int) {
    if (openssl_allocation_fails()) return nullptr;
    ++openssl_allocations_held;
#ifdef WEFT_TEST_BESIDE_MALLOC
    return __libc_malloc(size);
#else
    return std::malloc(size);
#endif
}
inline void* openssl_reallocate(void* old, std::size_t size, const char*, int) {
    if (openssl_allocation_fails()) return nullptr;
    if (!old) ++openssl_allocations_held;
#ifdef WEFT_TEST_BESIDE_MALLOC
    return __libc_realloc(old, size);
#else
    return std::realloc(old, size);
#endif
}
inline void openssl_release(void* memory, const char*, int) {
    if (memory) --openssl_allocations_held;
    std::free(memory);
}

/// Before main: OpenSSL takes them only before its first allocation.
inline const bool has_openssl_memory =
    CRYPTO_set_mem_functions(openssl_allocate, openssl_reallocate, openssl_release) == 1;

}  // namespace weft_test
