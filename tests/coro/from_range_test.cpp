// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// A generator hands out the elements of a range.

namespace {

using weft::generator;
using weft::generator_state;
using log_t = std::vector<std::string>;

template <class G>
auto all_of(G g) {
    std::vector<std::ranges::range_value_t<G>> all;
    for (auto&& e : g) all.push_back(std::forward<decltype(e)>(e));
    return all;
}

TEST(from_range, hands_out_each_element) {
    const auto body = []() -> generator<int> {
        const std::vector<int> named{1, 2};
        co_yield weft::from(named);
        co_yield weft::from(std::vector{3, 4});
        co_yield weft::from(std::vector<int>());
        const int array[] = {5, 6};
        co_yield weft::from(array);
        co_yield weft::from(std::views::iota(7, 9));
        co_yield weft::from(std::list<short>{9});
        co_yield 10;
    };
    EXPECT_EQ(all_of(body()), (std::vector{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(from_range, an_empty_one_yields_nothing) {
    const auto body = []() -> generator<int> { co_yield weft::from(std::vector<int>()); };
    auto g = body();
    EXPECT_FALSE(g.next());
    EXPECT_TRUE(g.done());
}

TEST(from_range, takes_views_of_all_kinds) {
    const auto body = []() -> generator<std::string> {
        const std::map<int, std::string> map{{1, "one"}, {2, "two"}};
        co_yield weft::from(map | std::views::values);
        co_yield weft::from(std::vector{3, 4} | std::views::transform([](int i) { return std::to_string(i); }));
        std::istringstream words("five six");
        co_yield weft::from(std::ranges::istream_view<std::string>(words));
    };
    EXPECT_EQ(all_of(body()), (log_t{"one", "two", "3", "4", "five", "six"}));
}

TEST(from_range, takes_another_generator_through_an_adaptor) {
    const auto numbers = []() -> generator<int> {
        for (int i = 0;; ++i) co_yield i;
    };
    const auto body = [&]() -> generator<long> { co_yield weft::from(numbers() | std::views::take(3)); };
    EXPECT_EQ(all_of(body()), (std::vector<long>{0, 1, 2}));
}

TEST(from_range, references_are_to_the_elements_themselves) {
    std::vector<int> numbers{1, 2, 3};
    const auto body = [](std::vector<int>& v) -> generator<int&> { co_yield weft::from(v); };
    for (int& i : body(numbers)) i *= 2;
    EXPECT_EQ(numbers, (std::vector{2, 4, 6}));
    EXPECT_EQ(body(numbers).next(), numbers.data());
    const auto owned = []() -> generator<const std::string&> {
        log_t strings{"a", "b"};  // not in the co_yield: GCC 14 cannot compile a braced list of class objects there
        co_yield weft::from(std::move(strings));
    };
    auto g = owned();
    EXPECT_EQ(*g.next(), "a");
    EXPECT_EQ(*g.next(), "b");
    EXPECT_EQ(g.next(), nullptr);
}

TEST(from_range, copies_the_elements_of_any_other) {
    log_t strings{"a string that does not fit into the object", "and another one, as long as that"};
    const log_t before = strings;
    const auto body = [](log_t& v) -> generator<std::string> {
        co_yield weft::from(v);
        co_yield weft::from(std::views::all(v));
    };
    EXPECT_EQ(all_of(body(strings)).size(), 4u);
    EXPECT_EQ(strings, before);
}

TEST(from_range, delegating_and_where_tell_of_it) {
    const auto body = []() -> generator<int> {
        co_yield weft::from(std::vector{1});
        co_yield 2;
    };
    auto g = body();
    g.next();
    EXPECT_TRUE(g.delegating());
    EXPECT_EQ(g.state(), generator_state::suspended);
    const auto line = g.where().line();
    EXPECT_EQ(weft::frames(g).size(), 1u);
    g.next();
    EXPECT_FALSE(g.delegating());
    EXPECT_EQ(g.where().line(), line + 1);
}

TEST(from_range, inside_a_chain) {
    const auto inner = []() -> generator<int> {
        co_yield weft::from(std::vector{1, 2});
        co_yield 3;
        co_yield weft::from(std::vector{4});
    };
    const auto outer = [&]() -> generator<int> {
        co_yield weft::from(inner());
        co_yield weft::from(std::vector{5, 6});
    };
    EXPECT_EQ(all_of(outer()), (std::vector{1, 2, 3, 4, 5, 6}));
}

// send, raise, close

struct finally {
    log_t& log;
    std::string name;
    ~finally() { log.push_back(name); }
};

TEST(from_range, next_goes_on_where_nothing_is_sent) {
    const auto body = []() -> generator<int, std::optional<int>> {
        co_yield weft::from(std::vector{1, 2, 3});
        const auto sent = co_yield 4;
        co_yield sent.value_or(-1);
    };
    auto g = body();
    for (int i = 1; i <= 4; ++i) EXPECT_EQ(g.next(), i);
    EXPECT_EQ(g.send(5), 5);
}

TEST(from_range, a_value_that_is_sent_is_an_error_at_the_co_yield) {
    log_t log;
    const auto body = [](log_t& l) -> generator<int, int> {
        const finally f(l, "ends");
        l.push_back("begins");
        co_yield weft::from(std::vector{1, 2, 3});
        l.push_back("should not be here");
    };
    auto g = body(log);
    EXPECT_EQ(g.next(), 1);
    EXPECT_THROW(g.send(42), weft::generator_cannot_send);
    EXPECT_EQ(log, (log_t{"begins", "ends"}));
    EXPECT_FALSE(g.next());
}

TEST(from_range, a_body_that_catches_that_error_goes_on) {
    const auto inner = []() -> generator<int, int> {
        bool refused = false;
        try {
            co_yield weft::from(std::vector{1, 2, 3});
        } catch (const weft::generator_cannot_send&) {
            refused = true;
        }
        const int sent = co_yield refused ? 10 : -1;
        co_yield sent;
    };
    const auto outer = [&]() -> generator<int, int> { co_yield weft::from(inner()); };
    for (const bool nested : {false, true}) {
        auto g = nested ? outer() : inner();
        EXPECT_EQ(g.next(), 1);
        EXPECT_EQ(g.next(), 2);
        EXPECT_EQ(g.send(42), 10) << nested;
        EXPECT_EQ(g.send(7), 7) << nested;
    }
}

TEST(from_range, raise_throws_at_the_co_yield) {
    log_t log;
    const auto body = [](log_t& l) -> generator<int> {
        bool caught = false;
        try {
            const finally f(l, "range left");
            co_yield weft::from(std::vector{1, 2, 3});
        } catch (const std::runtime_error&) {
            caught = true;
        }
        co_yield caught ? 10 : -1;
        co_yield weft::from(std::vector{4});
    };
    const auto outer = [&](log_t& l) -> generator<int> { co_yield weft::from(body(l)); };
    for (const bool nested : {false, true}) {
        auto g = nested ? outer(log) : body(log);
        EXPECT_EQ(g.next(), 1);
        EXPECT_EQ(g.raise(std::runtime_error("enough")), 10);
        EXPECT_EQ(g.next(), 4);
        EXPECT_THROW(g.raise(std::runtime_error("and out")), std::runtime_error);
        EXPECT_TRUE(g.done());
    }
}

TEST(from_range, close_raises_the_exit_at_the_co_yield) {
    log_t log;
    const auto body = [](log_t& l) -> generator<int> {
        const finally f(l, "ends");
        try {
            co_yield weft::from(std::vector{1, 2, 3});
        } catch (const weft::generator_exit&) {
            l.push_back("exit");
            throw;
        }
        l.push_back("should not be here");
    };
    const auto outer = [&](log_t& l) -> generator<int> { co_yield weft::from(body(l)); };
    for (const bool nested : {false, true}) {
        log.clear();
        auto g = nested ? outer(log) : body(log);
        g.next();
        g.close();
        EXPECT_EQ(log, (log_t{"exit", "ends"}));
    }
}

TEST(from_range, the_range_goes_when_the_generator_is_left_half_way) {
    const auto shared = std::make_shared<int>(1);
    const auto body = [](const std::shared_ptr<int>& p) -> generator<int> {
        std::vector<std::shared_ptr<int>> v(3, p);
        co_yield weft::from(std::move(v) | std::views::transform([](const auto& e) { return *e; }));
    };
    {
        auto g = body(shared);
        g.next();
        EXPECT_GE(shared.use_count(), 4);
    }
    EXPECT_EQ(shared.use_count(), 1);
}

// Ranges that fail

/// Counts to three, and throws where it is told to.
struct failing_range {
    enum where { begin_fails, comparison_fails, dereference_fails, increment_fails, nothing_fails };
    where fails_in = nothing_fails;
    int at = 0;  // at which element

    struct iterator {
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        const failing_range* range = nullptr;
        int i = 0;
        void check(where w) const {
            if (range->fails_in == w && range->at == i) throw std::runtime_error("the range failed");
        }
        int operator*() const {
            check(dereference_fails);
            return i;
        }
        iterator& operator++() {
            check(increment_fails);
            ++i;
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const {
            check(comparison_fails);
            return i == 3;
        }
    };
    iterator begin() const {
        if (fails_in == begin_fails) throw std::runtime_error("the range failed");
        return {this, 0};
    }
    static std::default_sentinel_t end() { return {}; }
};
static_assert(std::ranges::input_range<failing_range>);

TEST(from_range, an_exception_of_the_range_is_raised_at_the_co_yield) {
    const auto body = [](failing_range r) -> generator<int> {
        std::string caught;
        try {
            co_yield weft::from(r);
        } catch (const std::runtime_error& e) {
            caught = e.what();
        }
        EXPECT_EQ(caught, "the range failed");
        co_yield 100;
    };
    const auto outer = [&](failing_range r) -> generator<int> { co_yield weft::from(body(r)); };
    using enum failing_range::where;
    EXPECT_EQ(all_of(body({begin_fails, 0})), (std::vector{100}));
    EXPECT_EQ(all_of(outer({begin_fails, 0})), (std::vector{100}));
    for (int at = 0; at < 3; ++at) {
        std::vector<int> expected;
        for (int i = 0; i < at; ++i) expected.push_back(i);
        expected.push_back(100);
        EXPECT_EQ(all_of(body({comparison_fails, at})), expected);
        EXPECT_EQ(all_of(body({dereference_fails, at})), expected);
        EXPECT_EQ(all_of(outer({comparison_fails, at})), expected);
        EXPECT_EQ(all_of(outer({dereference_fails, at})), expected);
        expected.insert(expected.end() - 1, at);
        EXPECT_EQ(all_of(body({increment_fails, at})), expected);
        EXPECT_EQ(all_of(outer({increment_fails, at})), expected);
    }
}

TEST(from_range, an_exception_of_the_range_that_nobody_catches_comes_out) {
    const auto body = [](failing_range r) -> generator<int> { co_yield weft::from(r); };
    using enum failing_range::where;
    for (const auto where : {begin_fails, comparison_fails, dereference_fails}) {
        auto g = body({where, 0});
        EXPECT_THROW(g.next(), std::runtime_error);
        EXPECT_EQ(g.state(), generator_state::closed);
    }
    auto g = body({increment_fails, 0});
    EXPECT_EQ(g.next(), 0);
    EXPECT_THROW(g.next(), std::runtime_error);
    EXPECT_FALSE(g.next());
}

TEST(from_range, entering_the_generator_from_its_range_is_refused) {
    generator<int>* self = nullptr;
    const auto body = [](generator<int>*& me) -> generator<int> {
        co_yield weft::from(std::views::iota(0, 3) | std::views::transform([&me](int i) {
                                EXPECT_EQ(me->state(), generator_state::running);
                                EXPECT_THROW(me->next(), weft::generator_already_running);
                                EXPECT_THROW(me->close(), weft::generator_already_running);
                                return i;
                            }));
    };
    auto g = body(self);
    self = &g;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(g.next(), i);
    EXPECT_FALSE(g.next());
}

// Whose elements they are

/// Refers to elements, is no view, and does not say so: what many older libraries have.
struct slice {
    std::string* first;
    std::string* last;
    std::string* begin() const { return first; }
    std::string* end() const { return last; }
};
/// Elements by value, and not to be had from a constant one.
struct makes_them {
    std::vector<std::string> all;
    std::vector<std::string>::iterator begin() { return all.begin(); }
    std::vector<std::string>::iterator end() { return all.end(); }
};

TEST(from_range, moves_nothing_out_of_what_a_temporary_refers_to) {
    const auto body = [](std::vector<std::string>& all) -> generator<std::string> {
        co_yield weft::from(slice(all.data(), all.data() + all.size()));
    };
    std::vector<std::string> all{"a text that does not fit into the string object", "another"};
    const auto before = all;
    EXPECT_EQ(all_of(body(all)), before);
    EXPECT_EQ(all, before);
}

TEST(from_range, moves_what_a_container_owns_and_what_can_only_be_moved) {
    const auto body = []() -> generator<std::unique_ptr<int>> {
        std::vector<std::unique_ptr<int>> owners;
        owners.push_back(std::make_unique<int>(1));
        co_yield weft::from(std::move(owners));
        std::list<std::unique_ptr<int>> list;
        list.push_back(std::make_unique<int>(2));
        co_yield weft::from(std::move(list));
        std::array<std::unique_ptr<int>, 1> array{std::make_unique<int>(3)};
        co_yield weft::from(std::move(array));
    };
    int sum = 0;
    for (auto&& owner : body()) sum += *owner;
    EXPECT_EQ(sum, 6);
    static_assert(weft::owns_elements<std::vector<std::string>>);
    static_assert(weft::owns_elements<std::map<int, std::string>>);
    static_assert(!weft::owns_elements<slice>);
    static_assert(!weft::owns_elements<makes_them>, "there is no telling: its elements are copied");
    static_assert(!weft::owns_elements<std::span<std::string>>);
    const auto copied = []() -> generator<std::string> { co_yield weft::from(makes_them({"one", "two"})); };
    EXPECT_EQ(all_of(copied()), (std::vector<std::string>{"one", "two"}));
}

}  // namespace
