// SPDX-License-Identifier: Apache-2.0
#include <weft/base/exception_group.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using weft::exception_group;

template <class E>
std::exception_ptr error(std::string text) {
    return std::make_exception_ptr(E(std::move(text)));
}

exception_group nested() {
    const exception_group inner("inner", {error<std::out_of_range>("c"), error<std::runtime_error>("d")});
    return {"outer", {error<std::runtime_error>("a"), error<std::logic_error>("b"), std::make_exception_ptr(inner)}};
}

TEST(exception_group, says_everything_that_is_in_it) {
    EXPECT_STREQ(nested().what(), "outer (3 sub-exceptions)\n"
                                  "  1: std::runtime_error: a\n"
                                  "  2: std::logic_error: b\n"
                                  "  3: weft::exception_group: inner (2 sub-exceptions)\n"
                                  "    1: std::out_of_range: c\n"
                                  "    2: std::runtime_error: d");
    EXPECT_STREQ(exception_group("one", {error<std::runtime_error>("a")}).what(),
                 "one (1 sub-exception)\n  1: std::runtime_error: a");
}

TEST(exception_group, finds_a_type_at_any_depth_by_its_base_too) {
    EXPECT_TRUE(nested().matches<std::out_of_range>());
    EXPECT_TRUE(nested().matches<std::logic_error>());
    EXPECT_FALSE(nested().matches<std::overflow_error>());
    EXPECT_TRUE(nested().matches<exception_group>());
}

TEST(exception_group, split_keeps_the_tree_on_both_sides) {
    const auto [logic, rest] = nested().split<std::logic_error>();
    ASSERT_TRUE(logic && rest);
    EXPECT_STREQ(logic->what(), "outer (2 sub-exceptions)\n"
                                "  1: std::logic_error: b\n"
                                "  2: weft::exception_group: inner (1 sub-exception)\n"
                                "    1: std::out_of_range: c");
    EXPECT_STREQ(rest->what(), "outer (2 sub-exceptions)\n"
                               "  1: std::runtime_error: a\n"
                               "  2: weft::exception_group: inner (1 sub-exception)\n"
                               "    1: std::runtime_error: d");
}

TEST(exception_group, split_of_all_or_of_nothing_leaves_one_side_empty) {
    const auto [all, none] = nested().split<std::exception>();
    EXPECT_TRUE(all);
    EXPECT_FALSE(none);
    const auto [nothing, everything] = nested().split<int>();
    EXPECT_FALSE(nothing);
    EXPECT_STREQ(everything->what(), nested().what());
}

TEST(exception_group, subgroup_takes_a_predicate) {
    const auto named_d = nested().subgroup([](const std::exception_ptr& e) {
        try {
            std::rethrow_exception(e);
        } catch (const exception_group&) {
            return false;
        } catch (const std::exception& x) {
            return std::string(x.what()) == "d";
        }
    });
    ASSERT_TRUE(named_d);
    EXPECT_STREQ(named_d->what(), "outer (1 sub-exception)\n"
                                  "  1: weft::exception_group: inner (1 sub-exception)\n"
                                  "    1: std::runtime_error: d");
}

TEST(exception_group, of_nothing_is_refused) {
    EXPECT_THROW(exception_group("empty", {}), std::invalid_argument);
    EXPECT_THROW(exception_group("null", {nullptr}), std::invalid_argument);
}

TEST(exception_group, is_copied_without_throwing) {
    EXPECT_TRUE(std::is_nothrow_copy_constructible_v<exception_group>);
    const exception_group a = nested();
    const exception_group b = a;
    EXPECT_EQ(&a.exceptions(), &b.exceptions());
}

}  // namespace
