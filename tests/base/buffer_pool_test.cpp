// SPDX-License-Identifier: Apache-2.0
#include "base/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

namespace {

TEST(buffer_pool, a_block_is_a_power_of_two_of_at_least_4_kib) {
    EXPECT_EQ(weft::buffer_pool::block_size(0), 4096u);
    EXPECT_EQ(weft::buffer_pool::block_size(1), 4096u);
    EXPECT_EQ(weft::buffer_pool::block_size(4096), 4096u);
    EXPECT_EQ(weft::buffer_pool::block_size(4097), 8192u);
    EXPECT_EQ(weft::buffer_pool::block_size(100'000), 131'072u);
}

TEST(buffer_pool, a_released_block_comes_back_for_its_size_alone) {
    weft::buffer_pool pool;
    std::byte* const first = pool.allocate(4096);
    std::memset(first, 1, 4096);
    pool.release(first, 4096);
    std::byte* const larger = pool.allocate(8192);
    EXPECT_NE(larger, first);
    std::byte* const again = pool.allocate(4096);
    EXPECT_EQ(again, first);
    pool.release(again, 4096);
    pool.release(larger, 8192);
}

TEST(buffer_pool, blocks_in_use_are_distinct) {
    weft::buffer_pool pool;
    std::set<std::byte*> blocks;
    for (int i = 0; i < 100; ++i) blocks.insert(pool.allocate(4096));
    EXPECT_EQ(blocks.size(), 100u);
    for (std::byte* b : blocks) pool.release(b, 4096);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(blocks.count(pool.allocate(4096)), 1u);
    for (std::byte* b : blocks) pool.release(b, 4096);
}

TEST(buffer_pool, a_block_beyond_its_classes_goes_back_to_malloc) {
    weft::buffer_pool pool;
    for (const std::size_t size : {std::size_t{512} * 1024, std::size_t{1024} * 1024, std::size_t{64} << 20}) {
        std::byte* const block = pool.allocate(size);
        block[0] = block[size - 1] = std::byte{7};
        pool.release(block, size);
    }
}

TEST(buffer_pool, what_a_class_keeps_is_bounded) {
    weft::buffer_pool pool;
    std::vector<std::byte*> blocks;
    for (int i = 0; i < 20; ++i) blocks.push_back(pool.allocate(512 * 1024));
    for (std::byte* b : blocks) pool.release(b, 512 * 1024);  // the first 8 are kept, 4 MiB
    for (int i = 8; i-- > 0;) EXPECT_EQ(pool.allocate(512 * 1024), blocks[static_cast<std::size_t>(i)]);
    for (int i = 0; i < 8; ++i) pool.release(blocks[static_cast<std::size_t>(i)], 512 * 1024);
}

}  // namespace
