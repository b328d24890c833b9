// SPDX-License-Identifier: Apache-2.0
#include "fiber/stack_pool.hpp"

#include <weft/fiber/fiber.hpp>
#include <weft/fiber/fiber_stack.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <set>
#include <system_error>
#include <vector>

#include <alloca.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

namespace {

using weft::fiber;
using weft::fiber_stack;
namespace this_fiber = weft::this_fiber;

const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

std::size_t resident_bytes() {
    std::size_t all = 0, resident = 0;
    std::FILE* const file = std::fopen("/proc/self/statm", "r");
    EXPECT_EQ(std::fscanf(file, "%zu %zu", &all, &resident), 2);
    std::fclose(file);
    return resident * page;
}

std::size_t mappings() {
    std::size_t lines = 0;
    std::FILE* const file = std::fopen("/proc/self/maps", "r");
    for (int c; (c = std::fgetc(file)) != EOF;) lines += c == '\n';
    std::fclose(file);
    return lines;
}

[[gnu::noinline]] void use_up(std::size_t bytes) {
    void* volatile const place = alloca(bytes);
    std::memset(place, 1, bytes);
}

TEST(fiber_stack, has_what_was_asked_for) {
    const fiber_stack small(1), odd(100'000);
    EXPECT_EQ(small.bytes(), fiber_stack::smallest);
    EXPECT_GE(odd.bytes(), 100'000u);
    EXPECT_EQ(odd.bytes() % page, 0u);
    EXPECT_EQ(odd.top() - odd.bottom(), static_cast<std::ptrdiff_t>(odd.bytes()));
    std::memset(odd.bottom(), 1, odd.bytes());
    EXPECT_EQ(odd.high_water_bytes(), odd.bytes());
    EXPECT_FALSE(odd.guards(odd.bottom()));
    EXPECT_TRUE(odd.guards(odd.bottom() - 1));
    EXPECT_TRUE(odd.guards(odd.bottom() - fiber_stack::guard_bytes));
    EXPECT_FALSE(odd.guards(odd.bottom() - fiber_stack::guard_bytes - 1));
}

TEST(fiber_stack, is_used_again) {
    const std::byte* top = nullptr;
    {
        const fiber_stack first(64 * 1024);
        top = first.top();
    }
    const fiber_stack second(64 * 1024);
    EXPECT_EQ(second.top(), top);
    const fiber_stack other_size(128 * 1024), unguarded(64 * 1024, false);
    EXPECT_NE(other_size.top(), top);
    EXPECT_NE(unguarded.top(), top);
    EXPECT_FALSE(unguarded.guards(unguarded.bottom() - 1));
}

TEST(fiber_stack, no_two_are_the_same) {
    std::set<const std::byte*> tops;
    std::vector<fiber_stack> stacks;
    for (int i = 0; i < 200; ++i) {
        stacks.emplace_back(std::size_t{32} * 1024);
        EXPECT_TRUE(tops.insert(stacks.back().top()).second);
        std::memset(stacks.back().bottom(), i, stacks.back().bytes());
    }
    for (std::size_t i = 0; i < 200; ++i) {
        EXPECT_EQ(stacks[i].bottom()[0], std::byte(i));
        EXPECT_EQ(stacks[i].top()[-1], std::byte(i));
    }
}

TEST(fiber_stack, what_is_not_used_is_not_resident) {
    const fiber_stack stack(std::size_t{16} << 20);
    stack.top()[-1] = std::byte{1};
    EXPECT_EQ(stack.high_water_bytes(), 1u);
    stack.top()[-3 * static_cast<std::ptrdiff_t>(page) - 100] = std::byte{1};
    EXPECT_EQ(stack.high_water_bytes(), 3 * page + 100);
    std::vector<unsigned char> there(stack.bytes() / page);
    ASSERT_EQ(::mincore(stack.bottom(), stack.bytes(), there.data()), 0);
    std::size_t resident = 0;
    for (const unsigned char c : there) resident += c & 1;
    EXPECT_EQ(resident, 2u);  // to ask for it made none
}

TEST(fiber_stack, of_a_fiber_tells_how_deep_it_was_used) {
    fiber<> f(
        [] {
            this_fiber::parent().switch_to();
            use_up(100'000);
            this_fiber::parent().switch_to();
        },
        {.stack_bytes = 777 * page});  // a size that no other test has used
    f.switch_to();
    EXPECT_LT(f.stack_high_water_bytes(), 64'000u);
    f.switch_to();
    EXPECT_GE(f.stack_high_water_bytes(), SANITIZED ? 1u : 100'000u);
    EXPECT_LT(f.stack_high_water_bytes(), 200'000u);
}

TEST(fiber_stack, what_the_pool_has_no_use_for_goes_back_to_the_kernel) {
    constexpr std::size_t bytes = 48 * 1024;
    std::vector<fiber_stack> stacks;
    for (unsigned i = 0; i < 3 * weft::stack_pool::most_kept; ++i) {
        stacks.emplace_back(bytes);
        stacks.back().top()[-static_cast<std::ptrdiff_t>(page)] = std::byte{1};
    }
    const std::size_t before = resident_bytes();
    for (std::size_t i = 1; i < stacks.size(); i += 2) stacks[i] = {};  // every other one, then the rest
    stacks.clear();
    if (!SANITIZED) {
        EXPECT_LE(resident_bytes(), before - 2 * weft::stack_pool::most_kept * page * 9 / 10);
    }
    std::vector<fiber_stack> again;
    for (unsigned i = 0; i < 2 * weft::stack_pool::most_kept; ++i) {
        again.emplace_back(bytes);
        std::memset(again.back().bottom(), 1, page);
    }
}

TEST(fiber_stack, guards_stay_when_memory_goes_back) {
    constexpr std::size_t bytes = 80 * 1024;
    std::vector<fiber_stack> stacks;
    for (unsigned i = 0; i < 2 * weft::stack_pool::most_kept; ++i) stacks.emplace_back(bytes);
    stacks.clear();
    for (unsigned i = 0; i < 2 * weft::stack_pool::most_kept; ++i) stacks.emplace_back(bytes);
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    for (const fiber_stack& s : stacks) {
        EXPECT_EQ(::write(pipe[1], s.bottom(), 1), 1);
        EXPECT_EQ(::write(pipe[1], s.bottom() - 1, 1), -1) << "the kernel could read the guard";
        char c;
        EXPECT_EQ(::read(pipe[0], &c, 1), 1);
    }
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST(fiber_stack, guards_cost_no_mappings_on_linux_6_13) {
    {
        const fiber_stack asks_the_kernel(std::size_t{20} * 1024);
    }
    if (!weft::has_guard_regions()) GTEST_SKIP() << "this kernel is older";
    const std::size_t before = mappings();
    std::vector<fiber_stack> stacks;
    for (int i = 0; i < 1000; ++i) stacks.emplace_back(std::size_t{24} * 1024);
    EXPECT_LE(mappings(), before + 400);  // 16 slabs, and what a sanitizer maps; two a stack would be 2 000
}

// Misuse

TEST(fiber_stack, an_absurd_size_is_refused) {
    EXPECT_THROW((void)fiber_stack(~std::size_t{0} - 5), std::system_error);
    EXPECT_THROW((void)fiber_stack(std::size_t{1} << 47), std::system_error);
}

TEST(fiber_stack, on_older_kernels_a_guard_is_two_mappings_and_the_limit_has_a_name) {
    if (SANITIZED) GTEST_SKIP() << "sanitizers want mappings of their own";
    const weft::protected_guards older;
    std::vector<fiber_stack> stacks;
    try {
        for (int i = 0; i < 70'000; ++i) stacks.emplace_back(std::size_t{28} * 1024);
        GTEST_SKIP() << "vm.max_map_count is higher than usual here";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::not_enough_memory);
        EXPECT_THAT(e.what(), testing::HasSubstr("vm.max_map_count"));
        EXPECT_GT(stacks.size(), 10'000u);
    }
}

// Many

TEST(fiber_stack, a_hundred_thousand_fibers_at_once) {
    if (SANITIZED) GTEST_SKIP() << "sanitizers keep more for a stack than this does, the thread sanitizer a thread";
    constexpr std::size_t count = 100'000;
    {
        const fiber_stack asks_the_kernel(std::size_t{20} * 1024);
    }
    const bool guarded = weft::has_guard_regions();
    std::size_t ended = 0;
    std::vector<fiber<>> fibers;
    fibers.reserve(count);
    const std::size_t before = resident_bytes();
    for (std::size_t i = 0; i < count; ++i) {
        fibers.emplace_back(
            [&ended] {
                this_fiber::parent().switch_to();
                ++ended;
            },
            weft::fiber_options{.guarded = guarded});
        fibers.back().switch_to();
    }
    const std::size_t each = (resident_bytes() - before) / count;
    RecordProperty("bytes_each", std::to_string(each));
    EXPECT_LE(each, 8192u);
    for (std::size_t i = 0; i < count; ++i) {
        if (i % 3) fibers[i].switch_to();
    }
    EXPECT_EQ(ended, count - (count + 2) / 3);
    fibers.clear();
}

}  // namespace
