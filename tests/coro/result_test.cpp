// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/result.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace {

struct no_default {
    explicit no_default(int v) : value(v) {}
    int value;
};

TEST(result, a_value_is_looked_at_or_taken) {
    weft::result<std::string> r;
    EXPECT_FALSE(r.has_value());
    r.set_value("a string that is too long to be stored in place");
    EXPECT_EQ(r.peek().size(), 47u);
    EXPECT_EQ(r.take().size(), 47u);
}

TEST(result, a_type_needs_neither_a_default_constructor_nor_a_copy) {
    weft::result<no_default> r;
    r.set_value(no_default(3));
    EXPECT_EQ(r.take().value, 3);
    weft::result<std::unique_ptr<int>> moved;
    moved.set_value(std::make_unique<int>(4));
    EXPECT_EQ(*moved.peek(), 4);
    EXPECT_EQ(*moved.take(), 4);
}

TEST(result, a_reference_stays_the_object) {
    int i = 1;
    weft::result<int&> r;
    r.set_value(i);
    EXPECT_EQ(&r.take(), &i);
    EXPECT_EQ(&r.peek(), &i);
}

TEST(result, an_exception_is_thrown_by_both) {
    weft::result<int> r;
    r.set_exception(std::make_exception_ptr(std::runtime_error("no")));
    EXPECT_THROW((void)r.take(), std::runtime_error);
    EXPECT_THROW((void)r.peek(), std::runtime_error);
    EXPECT_TRUE(r.exception());
    weft::result<void> nothing;
    nothing.peek();
    nothing.set_exception(r.exception());
    EXPECT_THROW(nothing.take(), std::runtime_error);
}

TEST(result, an_exception_takes_the_place_of_a_value) {
    const auto value = std::make_shared<int>(1);
    weft::result<std::shared_ptr<int>> r;
    r.set_value(value);
    r.set_exception(std::make_exception_ptr(std::runtime_error("after all")));
    EXPECT_FALSE(r.has_value());
    EXPECT_EQ(value.use_count(), 1);
    EXPECT_THROW((void)r.take(), std::runtime_error);
}

}  // namespace
