// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/format_exception.hpp>
#include <weft/fiber/fiber_generator.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <exception>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

// What a fiber_generator yields, and from where. Where it is a generator like any, fiber_generator_parity_test.cpp has it.

namespace {

using weft::fiber_generator;
using weft::generator_state;
using weft::yielder;

template <class G>
constexpr bool is_input_view = std::ranges::input_range<G> && !std::ranges::forward_range<G> && std::ranges::view<G> &&
                               !std::ranges::common_range<G> && !std::ranges::borrowed_range<G>;
static_assert(is_input_view<fiber_generator<int>>);
static_assert(is_input_view<fiber_generator<const std::string&>>);
static_assert(is_input_view<fiber_generator<std::unique_ptr<int>, int, int>>);
static_assert(std::same_as<std::ranges::range_reference_t<fiber_generator<std::string>>, std::string&&>);
static_assert(std::same_as<std::ranges::range_reference_t<fiber_generator<int&>>, int&>);
static_assert(!std::ranges::range<const fiber_generator<int>>, "iterating changes it");
static_assert(!std::copyable<fiber_generator<int>>);
static_assert(!std::constructible_from<fiber_generator<int>, int>);

template <class R>
auto all_of(R&& range) {
    std::vector<std::ranges::range_value_t<R>> all;
    for (auto&& e : range) all.push_back(std::forward<decltype(e)>(e));
    return all;
}

fiber_generator<int> count(int n) {
    return [n](auto& yield) {
        for (int i = 0; i < n; ++i) yield(i);
    };
}
fiber_generator<int> from_on(int first) {
    return [first](auto& yield) {
        for (int i = first;; ++i) yield(i);
    };
}

TEST(fiber_generator, yields_to_a_loop) {
    EXPECT_EQ(all_of(count(3)), (std::vector{0, 1, 2}));
    EXPECT_TRUE(all_of(count(0)).empty());
}

TEST(fiber_generator, takes_what_ranges_take) {
    EXPECT_EQ(all_of(from_on(1) | std::views::filter([](int n) { return n % 2 == 0; }) | std::views::take(3)),
              (std::vector{2, 4, 6}));
    EXPECT_TRUE(std::ranges::equal(count(3), std::vector{0, 1, 2}));
}

// From any depth

struct tree {
    int value;
    std::unique_ptr<tree> left, right;
};
std::unique_ptr<tree> tree_of(int first, int last) {
    if (first == last) return nullptr;
    const int middle = first + (last - first) / 2;
    return std::make_unique<tree>(middle, tree_of(first, middle), tree_of(middle + 1, last));
}
void walk(const tree* t, const yielder<int>& yield) {
    if (!t) return;
    walk(t->left.get(), yield);
    yield(t->value);
    walk(t->right.get(), yield);
}

TEST(fiber_generator, yields_from_a_recursive_function) {
    const auto t = tree_of(0, 100);
    fiber_generator<int> g([&](auto& yield) { walk(t.get(), yield); });
    std::vector<int> numbers(100);
    std::iota(numbers.begin(), numbers.end(), 0);
    EXPECT_EQ(all_of(std::move(g)), numbers);
}

TEST(fiber_generator, yields_from_inside_of_algorithms) {
    const std::map<std::string, int> ages{{"Ada", 36}, {"Alan", 41}, {"Edsger", 72}};
    fiber_generator<const std::string&> names([&](auto& yield) {
        std::ranges::for_each(ages, [&](const auto& each) {
            if (each.second > 40) yield(each.first);
        });
    });
    EXPECT_EQ(all_of(std::move(names)), (std::vector<std::string>{"Alan", "Edsger"}));

    // An algorithm step by step: whoever asks sees, and says, how any two compare.
    using pair = std::pair<int, int>;
    fiber_generator<pair, std::optional<bool>, std::vector<int>> sorting([](auto& yield) {
        std::vector<int> v{3, 1, 2};
        std::ranges::sort(v, [&](int a, int b) { return yield(pair(a, b)).value(); });
        return v;
    });
    auto asked = sorting.next();
    while (asked) asked = sorting.send(asked->first > asked->second);
    EXPECT_EQ(sorting.result(), (std::vector{3, 2, 1}));
}

TEST(fiber_generator, yields_from_a_visitor) {
    struct node;
    using list = std::vector<node>;
    struct node {
        std::variant<int, std::string, list> value;
    };
    struct visitor {
        yielder<std::string> yield;  // it may be copied
        void operator()(int n) const { yield(std::to_string(n)); }
        void operator()(const std::string& s) const { yield(s); }
        void operator()(const list& l) const {
            yield("[");
            for (const node& n : l) std::visit(*this, n.value);
            yield("]");
        }
    };
    const list whole{{1}, {list{{"two"}, {list{}}}}, {3}};
    fiber_generator<std::string> g([&](auto yield) { visitor{yield}(whole); });
    std::string text;
    for (const std::string& s : g) text += s;
    EXPECT_EQ(text, "[1[two[]]3]");
}

TEST(fiber_generator, yields_from_destructors_and_catch_blocks) {
    fiber_generator<std::string> g([](auto& yield) {
        struct last {
            const yielder<std::string>& yield;
            ~last() noexcept(false) { yield("from a destructor"); }
        } const at_end{yield};
        try {
            throw std::runtime_error("handled");
        } catch (const std::exception& e) {
            yield("from a handler");
            EXPECT_EQ(std::current_exception() != nullptr, true);
            yield(e.what());
        }
    });
    EXPECT_EQ(g.next(), "from a handler");
    try {
        throw std::logic_error("the caller's own");
    } catch (...) {
        EXPECT_EQ(g.next(), "handled") << "each handles its own";
    }
    EXPECT_EQ(g.next(), "from a destructor");
    EXPECT_FALSE(g.next());
}

// What is yielded

TEST(fiber_generator, yields_what_can_only_be_moved) {
    fiber_generator<std::unique_ptr<int>> g([](auto& yield) {
        for (int i = 0; i < 2; ++i) yield(std::make_unique<int>(i));
    });
    EXPECT_EQ(**g.next(), 0);
    for (std::unique_ptr<int> p : g) EXPECT_EQ(*p, 1);
}

TEST(fiber_generator, yields_references_without_a_copy) {
    std::vector<int> numbers{1, 20, 3, 40};
    fiber_generator<int&> above([&](auto& yield) {
        for (int& n : numbers) {
            if (n > 9) yield(n);
        }
    });
    int* const first = above.next();
    EXPECT_EQ(first, &numbers[1]);
    for (int& n : above) n = 9;
    EXPECT_EQ(numbers, (std::vector{1, 20, 3, 9}));
    EXPECT_EQ(above.next(), nullptr);

    fiber_generator<const std::string&> temporary([](auto& yield) { yield("a temporary, alive until it goes on"); });
    EXPECT_EQ(*temporary.next(), "a temporary, alive until it goes on");
}

TEST(fiber_generator, keeps_what_the_body_captures_until_the_body_has_ended) {
    const auto counted = std::make_shared<int>(2);
    fiber_generator<int> g([counted](auto& yield) { yield(*counted); });
    EXPECT_EQ(counted.use_count(), 2);
    EXPECT_EQ(g.next(), 2);
    EXPECT_FALSE(g.next());
    EXPECT_EQ(counted.use_count(), 1);
}

TEST(fiber_generator, body_may_be_a_function_or_only_movable) {
    struct functions {
        static int both(yielder<int, int>& yield) { return yield(1) + yield(2); }
    };
    fiber_generator<int, int, int> f(functions::both);
    f.next();
    f.send(3);
    EXPECT_FALSE(f.send(4));
    EXPECT_EQ(f.result(), 7);
    fiber_generator<int> m([p = std::make_unique<int>(5)](auto& yield) { yield(*p); });
    EXPECT_EQ(m.next(), 5);
}

// Many

fiber_generator<int> nested(int depth) {
    return [depth](auto& yield) {
        if (depth > 0) yield.from(nested(depth - 1));
        yield(depth);
        if (depth > 0) yield.from(nested(depth - 1));
    };
}

TEST(fiber_generator, hands_over_to_others_to_any_depth) {
    EXPECT_EQ(all_of(nested(2)), (std::vector{0, 1, 0, 2, 0, 1, 0}));
    std::size_t elements = 0;
    for ([[maybe_unused]] const int n : nested(9)) ++elements;
    EXPECT_EQ(elements, 1023u);
}

TEST(fiber_generator, a_thousand_are_alive_at_once) {
    std::vector<fiber_generator<int>> many;
    for (int i = 0; i < 1000; ++i) many.push_back(from_on(i));  // which moves those that are there
    int sum = 0;
    for (int round = 0; round < 3; ++round) {
        for (auto& g : many) sum += *g.next();
    }
    EXPECT_EQ(sum, 3 * (999 * 1000 / 2) + 1000 + 2000);
    many.erase(many.begin(), many.begin() + 500);
    EXPECT_EQ(many.front().next(), 503);
}

TEST(fiber_generator, takes_its_stack_out_of_the_pool_and_puts_it_back) {
    const auto address_of_a_local = [] {
        fiber_generator<const void*> g([](auto& yield) {
            const int local = 0;
            yield(&local);
            yield(nullptr);
        });
        return *g.next();  // destroyed half-way
    };
    const void* const first = address_of_a_local();
    for (int i = 0; i < 2000; ++i) EXPECT_EQ(address_of_a_local(), first);
    auto finished = count(1);
    while (finished.next()) {
    }
    EXPECT_EQ(address_of_a_local(), first) << "one that has finished keeps none";
}

TEST(fiber_generator, has_the_stack_it_is_given) {
    const auto recursion = [](auto& self, int depth, const yielder<int>& yield) -> int {
        volatile std::byte room[1024]{};
        if (depth == 0) yield(0);
        return depth == 0 ? std::to_integer<int>(room[0]) : self(self, depth - 1, yield) + 1;
    };
    fiber_generator<int, void, int> g([&](auto& yield) { return recursion(recursion, 700, yield); },
                                      {.name = "deep", .stack_bytes = 4 * 1024 * 1024});
    EXPECT_EQ(g.next(), 0);
    EXPECT_FALSE(g.next());
    EXPECT_EQ(g.result(), 700);
}

// Where it stands

TEST(fiber_generator, says_where_it_stands) {
    const auto body = [](auto& yield) {
        yield(1);
        yield.from(count(1));
    };
    const auto made = std::source_location::current();
    fiber_generator<int> g(body);
    EXPECT_EQ(g.where().line(), made.line() + 1);
    g.next();
    EXPECT_EQ(g.where().line(), made.line() - 3);
    EXPECT_FALSE(g.delegating());
    g.next();
    EXPECT_EQ(g.where().line(), made.line() - 2);
    EXPECT_TRUE(g.delegating());
    ASSERT_EQ(frames(g).size(), 2u);
    EXPECT_EQ(frames(g)[0].line, made.line() - 2);
    fiber_generator<int> moved(std::move(g));
    EXPECT_TRUE(moved.delegating());
    EXPECT_THROW((void)g.where(), weft::invalid_state_error);  // NOLINT(bugprone-use-after-move): it is defined
    EXPECT_FALSE(g.next());
}

TEST(fiber_generator, an_exception_remembers_the_yield_that_it_came_through) {
    fiber_generator<int> g([](auto& yield) {
        yield(1);
        throw std::runtime_error("out of the body");
    });
    g.next();
    std::string report;
    try {
        g.next();
    } catch (...) {
        report = weft::format_exception(std::current_exception());
    }
    EXPECT_THAT(report, testing::HasSubstr("fiber_generator_test.cpp"));
    EXPECT_THAT(report, testing::HasSubstr("out of the body"));
}

// Misuse

TEST(fiber_generator, refuses_other_threads) {
    auto g = from_on(0);
    g.next();
    std::thread([&] {
        EXPECT_THROW(g.next(), weft::invalid_state_error);
        EXPECT_THROW(g.raise(std::runtime_error("not raised")), weft::invalid_state_error);
        EXPECT_THROW(g.close(), weft::invalid_state_error);
    }).join();
    EXPECT_EQ(g.next(), 1);
}

TEST(fiber_generator, refuses_to_yield_from_another_stack) {
    std::optional<yielder<int>> kept;
    fiber_generator<int> g([&](auto& yield) {
        kept = yield;
        fiber_generator<int> other([&](auto&) { yield(2); });
        EXPECT_THROW(other.next(), weft::invalid_state_error);
        yield(1);
    });
    EXPECT_EQ(g.next(), 1);
    EXPECT_THROW((*kept)(3), weft::invalid_state_error);
    EXPECT_FALSE(g.next());
}

TEST(fiber_generator_death_test, one_that_destroys_itself_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    std::optional<fiber_generator<int>> g;
    g.emplace([&](auto&) { g.reset(); });
    EXPECT_DEATH(g->next(), "a fiber_generator is destroyed while it runs");
}

}  // namespace
