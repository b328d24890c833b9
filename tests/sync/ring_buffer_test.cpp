// SPDX-License-Identifier: Apache-2.0
#include "coro/live_object.hpp"

#include <weft/sync/ring_buffer.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

TEST(ring_buffer, gives_what_was_put_in_first_in_whatever_way_it_grows) {
    weft::ring_buffer<int> ring;
    int in = 0, out = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < round; ++i) ring.push(in++);
        EXPECT_EQ(ring.size(), static_cast<std::size_t>(in - out));
        for (int i = 0; i < round - 1; ++i) {
            EXPECT_EQ(ring.front(), out);
            ASSERT_EQ(ring.pop(), out++);
        }
    }
    while (!ring.empty()) ASSERT_EQ(ring.pop(), out++);
    EXPECT_EQ(out, in);
}

TEST(ring_buffer, takes_what_can_only_be_moved_and_may_be_given_one_of_its_own) {
    weft::ring_buffer<std::unique_ptr<int>> pointers;
    for (int i = 0; i < 9; ++i) pointers.push(std::make_unique<int>(i));
    for (int i = 0; i < 9; ++i) EXPECT_EQ(*pointers.pop(), i);
    weft::ring_buffer<std::string> texts;
    texts.push("a text that is too long to be kept inside the string object");
    for (int i = 0; i < 9; ++i) texts.push(texts.front());
    for (int i = 0; i < 10; ++i) EXPECT_EQ(texts.pop().size(), 59u);
}

TEST(ring_buffer, moves_with_all_that_it_has) {
    weft::ring_buffer<int> a;
    for (int i = 0; i < 3; ++i) a.push(i);
    weft::ring_buffer<int> b = std::move(a);
    EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(b.size(), 3u);
    a.push(7);
    b = std::move(a);
    EXPECT_EQ(b.size(), 1u);
    EXPECT_EQ(b.pop(), 7);
}

TEST(ring_buffer, a_copy_or_move_that_fails_changes_nothing) {
    live_object::reset();
    {
        weft::ring_buffer<live_object> ring;
        const live_object added(4);
        for (int i = 0; i < 4; ++i) ring.push(i);
        live_object::copies_until_failure = 0;
        EXPECT_THROW(ring.push(added), std::runtime_error);  // the new one
        live_object::copies_until_failure = 3;
        EXPECT_THROW(ring.push(added), std::runtime_error);  // one of the others, on their way to a larger place
        live_object::copies_until_failure = -1;
        EXPECT_EQ(live_object::count, 5);
        live_object::moves_until_failure = 0;
        EXPECT_THROW(ring.pop(), std::runtime_error);
        live_object::moves_until_failure = -1;
        for (int i = 0; i < 4; ++i) EXPECT_EQ(ring.pop().value, i);
    }
    EXPECT_EQ(live_object::count, 0);
}

}  // namespace
