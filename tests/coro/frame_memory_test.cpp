// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/frame_memory.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace {

// Under the address sanitizer the recycler keeps nothing.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool frames_are_kept = false;
#elif defined(__has_feature)
constexpr bool frames_are_kept = !__has_feature(address_sanitizer);
#else
constexpr bool frames_are_kept = true;
#endif

TEST(frame_memory, every_size_belongs_to_the_smallest_class_that_holds_it) {
    for (std::size_t bytes = 1; bytes <= 1032; ++bytes) {
        const std::size_t c = weft::frame_cache::class_of(bytes);
        ASSERT_LT(c, weft::frame_cache::classes) << bytes;
        ASSERT_GE(weft::frame_cache::size_of(c), bytes);
        if (c > 0) {
            ASSERT_LT(weft::frame_cache::size_of(c - 1), bytes);
        }
    }
    EXPECT_EQ(weft::frame_cache::class_of(1033), weft::frame_cache::classes);
}

TEST(frame_memory, a_freed_block_is_the_next_one_of_its_class) {
    if (!frames_are_kept) GTEST_SKIP() << "nothing is kept under the address sanitizer";
    void* const first = weft::allocate_frame(200);
    weft::deallocate_frame(first, 200);
    void* const larger = weft::allocate_frame(300);
    EXPECT_NE(larger, first);
    void* const again = weft::allocate_frame(199);  // of the same class
    EXPECT_EQ(again, first);
    weft::deallocate_frame(again, 199);
    weft::deallocate_frame(larger, 300);
}

TEST(frame_memory, blocks_are_aligned_for_any_ordinary_type_and_wholly_usable) {
    std::vector<std::pair<void*, std::size_t>> blocks;
    for (int round = 0; round < 2; ++round) {  // from malloc, then from the lists
        for (std::size_t bytes = 1; bytes <= 4096; bytes = bytes * 3 / 2 + 1) {
            void* const block = weft::allocate_frame(bytes);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0u) << bytes;
            std::memset(block, round, bytes);
            blocks.emplace_back(block, bytes);
        }
        for (const auto& [block, bytes] : blocks) weft::deallocate_frame(block, bytes);
        blocks.clear();
    }
}

TEST(frame_memory, a_large_frame_is_mallocs_own) {
    constexpr std::size_t bytes = 1u << 20;
    void* const block = weft::allocate_frame(bytes);
    std::memset(block, 1, bytes);
    weft::deallocate_frame(block, bytes);
}

/// How many blocks of a class this thread keeps.
std::size_t kept(std::size_t size_class) {
    std::size_t count = 0;
    for (auto* b = weft::this_thread_frames.free[size_class].first; b; b = b->next) ++count;
    return count;
}

TEST(frame_memory, what_a_thread_keeps_of_a_class_is_bounded) {
    if (!frames_are_kept) GTEST_SKIP() << "nothing is kept under the address sanitizer";
    constexpr std::size_t bytes = 1000;
    const std::size_t c = weft::frame_cache::class_of(bytes);
    std::vector<void*> blocks;
    for (int i = 0; i < 3000; ++i) blocks.push_back(weft::allocate_frame(bytes));
    for (void* b : blocks) weft::deallocate_frame(b, bytes);
    EXPECT_LE(kept(c) * weft::frame_cache::size_of(c), weft::frame_cache::kept_bytes);
    EXPECT_GT(kept(c), 1000u);
}

/// Has `count` blocks at the same time.
void use_blocks(std::size_t count, std::size_t bytes) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < count; ++i) blocks.push_back(weft::allocate_frame(bytes));
    for (void* b : blocks) weft::deallocate_frame(b, bytes);
}

TEST(frame_memory, the_bound_grows_by_what_was_given_back_and_wanted_again) {
    if (!frames_are_kept) GTEST_SKIP() << "nothing is kept under the address sanitizer";
    std::thread([] {
        constexpr std::size_t bytes = 1000;
        const std::size_t c = weft::frame_cache::class_of(bytes);
        const std::size_t at_first = weft::frame_cache::kept_bytes / weft::frame_cache::size_of(c);
        use_blocks(3000, bytes);
        EXPECT_EQ(kept(c), at_first);
        use_blocks(2000, bytes);
        EXPECT_EQ(kept(c), 2000u);
        use_blocks(10'000, bytes);
        EXPECT_EQ(kept(c), 3000u);  // of the 3 000 only: the rest had not been given back before
        use_blocks(10'000, bytes);
        EXPECT_EQ(kept(c), 10'000u);
    }).join();
}

TEST(frame_memory, the_bound_does_not_grow_beyond_its_own) {
    if (!frames_are_kept) GTEST_SKIP() << "nothing is kept under the address sanitizer";
    std::thread([] {
        constexpr std::size_t bytes = 1000;
        const std::size_t c = weft::frame_cache::class_of(bytes);
        const std::size_t at_most = weft::frame_cache::most_kept_bytes / weft::frame_cache::size_of(c);
        for (int i = 0; i < 4; ++i) use_blocks(at_most + 1000, bytes);
        EXPECT_LE(kept(c), at_most);
        EXPECT_GT(kept(c) + 2, at_most);
    }).join();
}

TEST(frame_memory, a_recycled_object_is_freed_by_its_own_size) {
    struct small : weft::recycled {
        virtual ~small() = default;
        char bytes[100] = {};
    };
    struct large : small {
        char more[700] = {};
    };
    small* object = new large;
    void* const address = object;
    delete object;
    if (!frames_are_kept) return;
    void* const block = weft::allocate_frame(sizeof(large));
    EXPECT_EQ(block, address);
    weft::deallocate_frame(block, sizeof(large));
}

TEST(frame_memory, a_block_freed_on_another_thread_joins_that_threads_list) {
    void* const block = weft::allocate_frame(128);
    std::thread([block] {
        weft::deallocate_frame(weft::allocate_frame(128), 128);  // opens this thread's lists
        weft::deallocate_frame(block, 128);
        void* const again = weft::allocate_frame(128);
        if (frames_are_kept) {
            EXPECT_EQ(again, block);
        }
        weft::deallocate_frame(again, 128);
    }).join();
}

TEST(frame_memory, a_thread_that_only_frees_keeps_nothing) {
    std::vector<void*> blocks;
    for (int i = 0; i < 10; ++i) blocks.push_back(weft::allocate_frame(64));
    std::thread([&blocks] {
        for (void* b : blocks) weft::deallocate_frame(b, 64);
        EXPECT_EQ(kept(weft::frame_cache::class_of(64)), 0u);
    }).join();
}

/// Uses the recycler in the destructor of a thread_local, before or after the recycler's own guard.
struct late_user {
    void* held = nullptr;
    ~late_user() {
        weft::deallocate_frame(held, 96);
        weft::deallocate_frame(weft::allocate_frame(96), 96);
    }
};
thread_local late_user user_before_guard, user_after_guard;

TEST(frame_memory, frames_may_be_made_and_destroyed_while_a_thread_ends) {
    std::thread([] {
        user_before_guard.held = std::malloc(weft::frame_cache::size_of(weft::frame_cache::class_of(96)));
        weft::deallocate_frame(weft::allocate_frame(96), 96);
        user_after_guard.held = weft::allocate_frame(96);
        for (int i = 0; i < 10; ++i) weft::deallocate_frame(weft::allocate_frame(96), 96);
    }).join();  // the address sanitizer reports what would be left
}

TEST(frame_memory, threads_trade_blocks) {
    std::vector<void*> blocks;
    for (int round = 0; round < 8; ++round) {
        std::thread([&blocks] {
            for (void* b : blocks) weft::deallocate_frame(b, 256);
            blocks.clear();
            for (int i = 0; i < 1000; ++i) blocks.push_back(weft::allocate_frame(256));
        }).join();
    }
    EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), 1000u);
    for (void* b : blocks) weft::deallocate_frame(b, 256);
}

}  // namespace
