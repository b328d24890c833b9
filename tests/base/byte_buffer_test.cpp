// SPDX-License-Identifier: Apache-2.0
#include "base/byte_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(byte_buffer, gives_back_in_order_what_was_appended) {
    weft::buffer_pool pool;
    weft::byte_buffer b(pool);
    std::string expected, got;
    for (int i = 0; i < 5'000; ++i) {
        const std::string more = std::to_string(i);
        b.append(bytes_of(more));
        expected += more;
        if (i % 3 == 0) {
            const std::size_t count = std::min<std::size_t>(b.size(), static_cast<std::size_t>(i % 17));
            got += b.text().substr(0, count);
            b.consume(count);
        }
    }
    got += b.text();
    b.consume(b.size());
    EXPECT_EQ(got, expected);
    EXPECT_TRUE(b.empty());
}

TEST(byte_buffer, appends_nothing_from_nowhere) {
    weft::buffer_pool pool;
    weft::byte_buffer b(pool);
    b.append({});
    EXPECT_TRUE(b.empty());
    EXPECT_EQ(b.text(), "");
}

TEST(byte_buffer, returns_its_block_when_it_is_empty) {
    weft::buffer_pool pool;
    weft::byte_buffer a(pool), b(pool);
    a.append(bytes_of("x"));
    const auto* const block = a.bytes().data();
    a.consume(1);
    b.append(bytes_of("y"));
    EXPECT_EQ(b.bytes().data(), block);
    a.swap(b);
    EXPECT_EQ(a.text(), "y");
    EXPECT_TRUE(b.empty());
}

TEST(byte_buffer, has_room_that_can_be_filled_in_place) {
    weft::buffer_pool pool;
    weft::byte_buffer b(pool);
    b.reserve(10);
    const auto room = b.room();
    ASSERT_GE(room.size(), 10u);
    std::memcpy(room.data(), "0123456789", 10);
    b.added(10);
    EXPECT_EQ(b.text(), "0123456789");
    b.rewind();
    EXPECT_TRUE(b.empty());
    EXPECT_EQ(b.room().data(), room.data());  // the block is still there
}

}  // namespace
