// SPDX-License-Identifier: Apache-2.0
#include "coro/exception_path.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

namespace {

using weft::exception_path;

std::source_location here(std::source_location where = std::source_location::current()) { return where; }
std::source_location there(std::source_location where = std::source_location::current()) { return where; }

std::vector<std::uint32_t> lines(const std::vector<exception_path::place>& places) {
    std::vector<std::uint32_t> all;
    for (const exception_path::place& p : places) all.push_back(p.where.line());
    return all;
}

TEST(exception_path, keeps_the_places_in_order) {
    exception_path path;
    const auto a = here(), b = here();
    const auto c = here();
    path.add_coroutine(a);
    path.add_coroutine(b);
    path.add_coroutine(c);
    EXPECT_EQ(lines(path.first()), (std::vector{a.line(), b.line(), c.line()}));
    EXPECT_EQ(path.left_out(), 0);
    EXPECT_TRUE(path.last().empty());
}

TEST(exception_path, functions_stand_between_coroutines_by_their_addresses) {
    exception_path path;
    char code[2];
    const auto a = here();
    path.add_call(a);
    path.add_function(&code[0]);
    path.add_function(&code[0]);
    path.add_function(&code[1]);
    path.add_coroutine(there());
    ASSERT_EQ(path.first().size(), 4u);
    EXPECT_TRUE(path.first()[0].is_call);
    EXPECT_EQ(path.first()[1].function, &code[0]);
    EXPECT_EQ(path.first()[1].times, 2u);
    EXPECT_EQ(path.first()[2].function, &code[1]);
    EXPECT_EQ(path.first()[3].function, nullptr);
}

TEST(exception_path, recursion_is_one_place_with_a_count) {
    exception_path path;
    for (int i = 0; i < 100'000; ++i) path.add_coroutine(here());
    ASSERT_EQ(path.first().size(), 1);
    EXPECT_EQ(path.first().front().times, 100'000);
}

TEST(exception_path, of_a_long_one_the_middle_is_left_out) {
    exception_path path;
    constexpr std::size_t pairs = 50'000, end = exception_path::longest_end;
    const auto first = here();
    const auto last = there();
    path.add_coroutine(first);
    for (std::size_t i = 0; i < pairs; ++i) {
        path.add_coroutine(here());
        path.add_coroutine(there());
    }
    path.add_coroutine(last);
    EXPECT_EQ(path.first().size(), end);
    EXPECT_EQ(path.last().size(), end);
    EXPECT_EQ(path.left_out(), 2 * pairs + 2 - 2 * end);
    EXPECT_EQ(path.first().front().where.line(), first.line());
    EXPECT_EQ(path.last().back().where.line(), last.line());
}

TEST(exception_path, what_is_left_out_counts_recursion) {
    exception_path path;
    for (std::size_t i = 0; i < exception_path::longest_end; ++i) {
        path.add_coroutine(here());
        path.add_coroutine(there());
    }
    for (int i = 0; i < 10; ++i) path.add_coroutine(here());
    EXPECT_EQ(path.left_out(), 1) << "of the places in between one has made way for the recursion";
    for (std::size_t i = 0; i < exception_path::longest_end / 2; ++i) {
        path.add_coroutine(here());
        path.add_coroutine(there());
    }
    EXPECT_EQ(path.left_out(), 1 + 63 + 10) << "and now the recursion has";
}

TEST(exception_path, a_call_that_a_coroutine_makes_stands_for_its_last_await) {
    exception_path path;
    const auto call = here();
    const auto await = here();
    path.add_call(call);
    path.add_coroutine(await);
    path.add_coroutine(await);
    EXPECT_EQ(lines(path.first()), (std::vector{call.line(), await.line()}));
}

TEST(exception_path, a_call_of_another_function_stays) {
    struct other {
        static std::source_location function() { return here(); }
    };
    exception_path path;
    const auto call = other::function();
    const auto await = here();
    path.add_call(call);
    path.add_coroutine(await);
    EXPECT_EQ(lines(path.first()), (std::vector{call.line(), await.line()}));
}

}  // namespace
