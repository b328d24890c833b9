// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/ready_queue.hpp>

#include <gtest/gtest.h>

namespace {

TEST(ready_queue, is_first_in_first_out) {
    weft::ready_node nodes[4];
    weft::ready_queue queue;
    EXPECT_TRUE(queue.empty());
    for (weft::ready_node& n : nodes) queue.push(n);
    EXPECT_EQ(queue.last(), &nodes[3]);
    for (weft::ready_node& n : nodes) EXPECT_EQ(&queue.pop(), &n);
    EXPECT_TRUE(queue.empty());
}

TEST(ready_queue, may_be_pushed_to_while_it_is_emptied) {
    weft::ready_node a, b;
    weft::ready_queue queue;
    for (int i = 0; i < 10; ++i) {
        queue.push(a);
        queue.push(b);
        EXPECT_EQ(&queue.pop(), &a);
        queue.push(a);
        EXPECT_EQ(&queue.pop(), &b);
        EXPECT_EQ(queue.last(), &a);
        EXPECT_EQ(&queue.pop(), &a);
        EXPECT_TRUE(queue.empty());
    }
}

}  // namespace
