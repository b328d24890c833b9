// SPDX-License-Identifier: Apache-2.0
#include <weft/base/intrusive_list.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

struct item : weft::list_node {
    explicit item(char c) noexcept : name(c) {}
    char name;
};

std::string names(weft::intrusive_list<item>& list) {
    std::string text;
    for (const item& i : list) text += i.name;
    return text;
}

TEST(intrusive_list, keeps_the_order_of_insertion) {
    item a('a'), b('b'), c('c'), d('d');
    weft::intrusive_list<item> list;
    EXPECT_TRUE(list.empty());
    list.push_back(b);
    list.push_back(d);
    list.push_front(a);
    list.insert_before(d, c);
    EXPECT_EQ(names(list), "abcd");
    EXPECT_EQ(list.front().name, 'a');
    EXPECT_EQ(list.back().name, 'd');
}

TEST(intrusive_list, pop_front_unlinks) {
    item a('a'), b('b');
    weft::intrusive_list<item> list;
    list.push_back(a);
    list.push_back(b);
    EXPECT_EQ(&list.pop_front(), &a);
    EXPECT_FALSE(a.is_linked());
    EXPECT_EQ(&list.pop_front(), &b);
    EXPECT_TRUE(list.empty());
}

TEST(intrusive_list, is_walked_backwards_from_its_end) {
    item a('a'), b('b'), c('c');
    weft::intrusive_list<item> list;
    for (item* i : {&a, &b, &c}) list.push_back(*i);
    std::string text;
    for (auto at = list.end(); at != list.begin();) text += (--at)->name;
    EXPECT_EQ(text, "cba");
}

TEST(intrusive_list, splice_back_moves_everything_behind_what_is_there) {
    item a('a'), b('b'), c('c');
    weft::intrusive_list<item> list, other, none;
    list.push_back(a);
    other.push_back(b);
    other.push_back(c);
    list.splice_back(other);
    EXPECT_EQ(names(list), "abc");
    EXPECT_TRUE(other.empty());
    list.splice_back(none);
    EXPECT_EQ(names(list), "abc");
    other.splice_back(list);
    EXPECT_EQ(names(other), "abc");
    EXPECT_TRUE(list.empty());
}

struct numbered : weft::list_node {
    int key = 0, order = 0;
};
const auto by_key = [](const numbered& a, const numbered& b) { return a.key < b.key; };

/// Fills `list` with items of random keys, numbered in their order.
void fill(weft::intrusive_list<numbered>& list, std::span<numbered> items, unsigned seed, int first = 0) {
    std::minstd_rand random(seed);
    for (numbered& i : items) {
        i.key = static_cast<int>(random() % 20);
        i.order = first++;
        list.push_back(i);
    }
}
/// Sorted by key, equal keys by number.
std::size_t expect_in_order(weft::intrusive_list<numbered>& list) {
    std::size_t count = 0;
    std::pair last(-1, -1);
    for (const numbered& i : list) {
        EXPECT_LT(last, std::pair(i.key, i.order));
        last = {i.key, i.order};
        ++count;
    }
    return count;
}

TEST(intrusive_list, sort_keeps_what_is_equal_in_its_order) {
    for (std::size_t size = 0; size < 200; ++size) {
        std::vector<numbered> items(size);
        weft::intrusive_list<numbered> list;
        fill(list, items, static_cast<unsigned>(size + 1));
        list.sort(by_key);
        ASSERT_EQ(expect_in_order(list), size);
    }
}

TEST(intrusive_list, merge_puts_what_comes_behind_what_is_equal_and_there) {
    for (unsigned seed = 1; seed < 100; ++seed) {
        std::vector<numbered> here(seed % 17), there(seed % 23);
        weft::intrusive_list<numbered> list, other;
        fill(list, here, seed);
        fill(other, there, seed + 1, 1000);
        list.sort(by_key);
        other.sort(by_key);
        list.merge(other, by_key);
        EXPECT_TRUE(other.empty());
        ASSERT_EQ(expect_in_order(list), here.size() + there.size());
    }
}

TEST(intrusive_list, an_item_in_the_middle_leaves_by_itself) {
    item a('a'), b('b'), c('c');
    weft::intrusive_list<item> list;
    for (item* i : {&a, &b, &c}) list.push_back(*i);
    b.unlink();
    EXPECT_EQ(names(list), "ac");
    b.unlink();  // twice is as once
    EXPECT_FALSE(b.is_linked());
    EXPECT_EQ(names(list), "ac");
}

TEST(intrusive_list, an_item_that_dies_leaves_its_list) {
    item a('a'), c('c');
    weft::intrusive_list<item> list;
    list.push_back(a);
    {
        item b('b');
        list.push_back(b);
        list.push_back(c);
    }
    EXPECT_EQ(names(list), "ac");
}

TEST(intrusive_list, a_list_that_dies_lets_its_items_go) {
    item a('a'), b('b');
    {
        weft::intrusive_list<item> list;
        list.push_back(a);
        list.push_back(b);
    }
    EXPECT_FALSE(a.is_linked());
    EXPECT_FALSE(b.is_linked());
}

}  // namespace
