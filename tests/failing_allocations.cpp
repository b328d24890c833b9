// SPDX-License-Identifier: Apache-2.0
// What fails under the address sanitizer: operator new, over the sanitizer's malloc. One to a program.
#include "counted_allocations.hpp"

#include <new>

#if defined(WEFT_TEST_SANITIZED) && !defined(WEFT_TEST_NO_ALLOCATION_FAILS)

namespace {

void* allocate(std::size_t bytes) noexcept {
    if (allocation_fails(allocations.load(std::memory_order_relaxed))) return nullptr;
    return std::malloc(bytes ? bytes : 1);
}

void* allocate_or_throw(std::size_t bytes) {
    if (void* const memory = allocate(bytes)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate_or_throw(bytes); }
void* operator new[](std::size_t bytes) { return allocate_or_throw(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

#endif
