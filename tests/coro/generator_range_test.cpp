// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <concepts>
#include <iterator>
#include <memory>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

// A generator is an input range and a view.

namespace {

using weft::generator;
using weft::generator_state;
namespace views = std::views;

template <class G>
constexpr bool is_input_view = std::ranges::input_range<G> && !std::ranges::forward_range<G> && std::ranges::view<G> &&
                               !std::ranges::common_range<G> && !std::ranges::borrowed_range<G>;
static_assert(is_input_view<generator<int>>);
static_assert(is_input_view<generator<int&>>);
static_assert(is_input_view<generator<const std::string&>>);
static_assert(is_input_view<generator<std::string&&>>);
static_assert(is_input_view<generator<std::unique_ptr<int>>>);
static_assert(is_input_view<generator<int, int, int>>);
static_assert(std::same_as<std::ranges::range_value_t<generator<const std::string&>>, std::string>);
static_assert(std::same_as<std::ranges::range_reference_t<generator<std::string>>, std::string&&>);
static_assert(std::same_as<std::ranges::range_reference_t<generator<const std::string&>>, const std::string&>);
static_assert(std::same_as<std::ranges::range_reference_t<generator<std::string&&>>, std::string&&>);
static_assert(!std::ranges::range<const generator<int>>, "iterating changes it");

generator<int> count(int n) {
    for (int i = 0; i < n; ++i) co_yield i;
}
generator<int> from_on(int i) {
    for (;;) co_yield i++;
}
template <class R>
auto all_of(R&& range) {
    std::vector<std::ranges::range_value_t<R>> all;
    for (auto&& e : range) all.push_back(std::forward<decltype(e)>(e));
    return all;
}

TEST(generator_range, is_iterated_over_by_range_for) {
    std::vector<int> all;
    for (const int i : count(3)) all.push_back(i);
    EXPECT_EQ(all, (std::vector{0, 1, 2}));
    for (const int i : count(0)) FAIL() << i;
}

TEST(generator_range, goes_on_from_where_it_stands) {
    auto g = from_on(0);
    EXPECT_EQ(g.next(), 0);
    for (const int i : g) {
        if (i == 3) break;
    }
    EXPECT_EQ(g.next(), 4);
    for (const int i : g) {
        EXPECT_EQ(i, 5);
        break;
    }
    EXPECT_EQ(g.state(), generator_state::suspended);
}

TEST(generator_range, a_loop_after_its_end_has_no_element) {
    auto g = count(2);
    EXPECT_EQ(all_of(g).size(), 2u);
    EXPECT_TRUE(all_of(g).empty());
    EXPECT_TRUE(g.begin() == g.end());
}

TEST(generator_range, may_be_asked_by_its_caller_and_the_next_one_in_turn) {
    const auto creator = [](std::vector<std::string>& log) {
        auto g = count(5);
        log.push_back("creator " + std::to_string(*g.next()));
        return g;
    };
    std::vector<std::string> log;
    for (const int i : creator(log)) log.push_back("caller " + std::to_string(i));
    EXPECT_EQ(log, (std::vector<std::string>{"creator 0", "caller 1", "caller 2", "caller 3", "caller 4"}));
}

TEST(generator_range, gives_elements_as_rvalues_and_references_as_they_are) {
    const auto strings = []() -> generator<std::string> { co_yield "a string too long to be in the object itself"; };
    for (std::string s : strings()) EXPECT_FALSE(s.empty());
    for (std::string&& s : strings()) EXPECT_FALSE(s.empty());
    for (const std::string& s : strings()) EXPECT_FALSE(s.empty());

    std::vector<int> numbers{1, 2, 3};
    const auto references = [](std::vector<int>& v) -> generator<int&> {
        for (int& i : v) co_yield i;
    };
    for (int& i : references(numbers)) i *= 10;
    EXPECT_EQ(numbers, (std::vector{10, 20, 30}));
}

TEST(generator_range, dereferencing_twice_gives_the_same_element) {
    auto g = count(3);
    auto i = g.begin();
    EXPECT_EQ(*i, 0);
    EXPECT_EQ(*i, 0);
    i++;
    EXPECT_EQ(*i, 1);
}

TEST(generator_range, its_iterator_survives_the_generators_move) {
    auto g = count(3);
    auto i = g.begin();
    const auto other = std::move(g);
    ++i;
    EXPECT_EQ(*i, 1);
    EXPECT_TRUE(generator<int>::iterator() == std::default_sentinel);
}

TEST(generator_range, works_with_the_adaptors_for_input_ranges) {
    const auto even = [](int i) { return i % 2 == 0; };
    const auto squared = [](int i) { return i * i; };
    EXPECT_EQ(all_of(from_on(1) | views::filter(even) | views::transform(squared) | views::take(3)),
              (std::vector{4, 16, 36}));
    EXPECT_EQ(all_of(from_on(0) | views::drop(2) | views::take(2)), (std::vector{2, 3}));
    EXPECT_EQ(all_of(count(9) | views::drop_while([](int i) { return i < 7; })), (std::vector{7, 8}));
    EXPECT_EQ(all_of(from_on(0) | views::take_while([](int i) { return i < 2; })), (std::vector{0, 1}));
}

TEST(generator_range, works_with_more_adaptors) {
    const auto pairs = [](int n) -> generator<std::pair<int, std::string>> {
        for (int i = 0; i < n; ++i) co_yield {i, std::string(static_cast<std::size_t>(i), 'x')};
    };
    EXPECT_EQ(all_of(pairs(3) | views::values), (std::vector<std::string>{"", "x", "xx"}));
    EXPECT_EQ(all_of(pairs(3) | views::keys), (std::vector{0, 1, 2}));
    const auto nested = [](int n) -> generator<std::vector<int>> {
        for (int i = 0; i < n; ++i) co_yield std::vector<int>(static_cast<std::size_t>(i), i);
    };
    EXPECT_EQ(all_of(nested(4) | views::join), (std::vector{1, 2, 2, 3, 3, 3}));
    auto kept = count(4);
    EXPECT_EQ(all_of(std::ranges::ref_view(kept) | views::take(2)), (std::vector{0, 1}));
    EXPECT_EQ(kept.state(), generator_state::suspended);
}

TEST(generator_range, move_only_elements_pass_through_adaptors) {
    const auto pointers = [](int n) -> generator<std::unique_ptr<int>> {
        for (int i = 0; i < n; ++i) co_yield std::make_unique<int>(i);
    };
    int sum = 0;
    for (std::unique_ptr<int> p : pointers(5) | views::take(4)) sum += *p;
    EXPECT_EQ(sum, 6);
    EXPECT_EQ(all_of(pointers(3)).size(), 3u);
}

TEST(generator_range, works_with_algorithms) {
    auto g = count(10);
    EXPECT_EQ(*std::ranges::find(g, 4), 4);
    EXPECT_EQ(g.next(), 5) << "find stopped at 4";
    EXPECT_EQ(std::ranges::distance(count(7)), 7);
    std::vector<int> copied;
    std::ranges::copy(count(3), std::back_inserter(copied));
    EXPECT_EQ(copied, (std::vector{0, 1, 2}));
    EXPECT_TRUE(std::ranges::equal(count(3), copied));
}

TEST(generator_range, iteration_gives_a_default_value_where_something_could_be_sent) {
    const auto body = []() -> generator<int, int> {
        const int sent = co_yield 1;
        co_yield sent;
        co_yield -1;
    };
    EXPECT_EQ(all_of(body()), (std::vector{1, 0, -1}));
}

TEST(generator_range, of_one_generator_may_be_the_source_of_another) {
    struct sieve {
        static generator<int> without_multiples(int n, generator<int> source) {
            for (const int i : source) {
                if (i % n) co_yield i;
            }
        }
        static generator<int> primes(generator<int> source) {
            const auto prime = source.next();
            if (!prime) co_return;
            co_yield *prime;
            co_yield weft::from(primes(without_multiples(*prime, std::move(source))));
        }
    };
    EXPECT_EQ(all_of(sieve::primes(from_on(2)) | views::take(10)), (std::vector{2, 3, 5, 7, 11, 13, 17, 19, 23, 29}));
}

TEST(generator_range, solves_eight_queens_by_backtracking) {
    struct queens {
        static bool fits(const std::vector<int>& columns, int column) {
            const int row = static_cast<int>(columns.size());
            for (int r = 0; r < row; ++r) {
                const int c = columns[static_cast<std::size_t>(r)];
                if (c == column || c - r == column - row || c + r == column + row) return false;
            }
            return true;
        }
        static generator<const std::vector<int>&> place(std::vector<int>& columns) {
            if (columns.size() == 8) {
                co_yield columns;
                co_return;
            }
            for (int column = 0; column < 8; ++column) {
                if (!fits(columns, column)) continue;
                columns.push_back(column);
                co_yield weft::from(place(columns));
                columns.pop_back();
            }
        }
    };
    std::vector<int> columns;
    auto g = queens::place(columns);
    EXPECT_EQ(*g.next(), (std::vector{0, 4, 7, 5, 2, 6, 1, 3}));
    EXPECT_EQ(std::ranges::distance(g), 91);
}

}  // namespace
