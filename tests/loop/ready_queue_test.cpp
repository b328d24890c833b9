// SPDX-License-Identifier: Apache-2.0
#include <weft/loop/ready_queue.hpp>

#include <gtest/gtest.h>

namespace {

TEST(ready_queue, is_first_in_first_out) {
    weft::ready_node nodes[4];
    weft::ready_queue queue;
    EXPECT_TRUE(queue.empty());
    for (weft::ready_node& n : nodes) queue.push(n);
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
        EXPECT_EQ(&queue.pop(), &a);
        EXPECT_TRUE(queue.empty());
    }
}

TEST(ready_queue, a_batch_is_what_was_ready_when_it_began) {
    weft::ready_node nodes[2], later[2];
    weft::ready_queue queue;
    for (weft::ready_node& n : nodes) queue.push(n);
    {
        weft::ready_batch batch(queue);
        EXPECT_TRUE(queue.empty());
        queue.push(later[0]);
        for (weft::ready_node& n : nodes) EXPECT_EQ(batch.take(), &n);
        queue.push(nodes[0]);  // one of its own, again
        EXPECT_EQ(batch.take(), nullptr);
    }
    EXPECT_EQ(&queue.pop(), &later[0]);
    EXPECT_EQ(&queue.pop(), &nodes[0]);
    EXPECT_TRUE(queue.empty());
}

TEST(ready_queue, what_is_left_of_a_batch_comes_first_again) {
    weft::ready_node a, b, c, later;
    weft::ready_queue queue;
    for (const bool something_came : {false, true}) {
        for (weft::ready_node* n : {&a, &b, &c}) queue.push(*n);
        {
            weft::ready_batch batch(queue);
            EXPECT_EQ(batch.take(), &a);
            if (something_came) queue.push(later);
        }
        queue.push(a);
        EXPECT_EQ(&queue.pop(), &b);
        EXPECT_EQ(&queue.pop(), &c);
        if (something_came) {
            EXPECT_EQ(&queue.pop(), &later);
        }
        EXPECT_EQ(&queue.pop(), &a);
        EXPECT_TRUE(queue.empty());
    }
}

TEST(ready_queue, counts_what_is_left_of_a_batch_as_well) {
    weft::ready_node nodes[3], later;
    weft::ready_queue queue;
    EXPECT_EQ(queue.size(), 0u);
    for (weft::ready_node& n : nodes) queue.push(n);
    EXPECT_EQ(queue.size(), 3u);
    {
        weft::ready_batch batch(queue);
        EXPECT_EQ(queue.size(), 3u);
        EXPECT_EQ(batch.take(), &nodes[0]);
        EXPECT_EQ(queue.size(), 2u) << "the one that runs is ready no more";
        queue.push(later);
        EXPECT_EQ(queue.size(), 3u);
        EXPECT_EQ(batch.take(), &nodes[1]);
    }
    EXPECT_EQ(queue.size(), 2u) << "what was not run is first in line again";
}

}  // namespace
