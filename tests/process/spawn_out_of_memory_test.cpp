// SPDX-License-Identifier: Apache-2.0
// Every allocation of a start fails once: there is an error, and no child, or a child that is watched. Not under the
// thread sanitizer, whose operator new cannot be replaced; under the address sanitizer it can, which looks for leaks.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_TEST_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define WEFT_TEST_THREAD_SANITIZER 1
#endif

#ifndef WEFT_TEST_THREAD_SANITIZER
#include "process/children.hpp"

#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr int unlimited = std::numeric_limits<int>::max();
constinit thread_local int allocations_left = unlimited;

void* allocate(std::size_t bytes) {
    if (allocations_left != unlimited && allocations_left-- <= 0) throw std::bad_alloc();
    if (void* const memory = std::malloc(bytes ? bytes : 1)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

using namespace weft_test;

namespace {

TEST(spawn, out_of_memory_at_each_allocation_is_an_error_and_leaves_nothing) {
    run_with_children([]() -> weft::task<> {
        int refused = 0;
        for (bool worked = false; !worked; ++refused) {
            const auto open = open_descriptors();
            weft::process_options options{.stdin_ = weft::pipe, .stdout_ = weft::pipe, .extra_env = {{"A", "b"}}};
            std::vector<std::string> argv{"cat"};
            weft::process p;
            allocations_left = refused;
            try {
                p = co_await weft::spawn_process(std::move(argv), std::move(options));
                worked = true;
            } catch (const std::bad_alloc&) {
            }
            allocations_left = unlimited;
            for (int i = 0; i < 3; ++i) co_await weft::yield_now();
            if (worked) {
                EXPECT_EQ((co_await p.communicate("through")).out, "through");
            } else {
                EXPECT_EQ(open_descriptors(), open) << refused;
                EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << refused;
            }
        }
        EXPECT_GT(refused, 10);
    });
}

}  // namespace

#endif
