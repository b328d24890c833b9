// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/generator.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

// The programs of CPython's test_generators: algorithms that generators make short.

namespace {

using weft::generator;
using numbers = std::vector<int>;

template <class G>
auto first(std::size_t n, G& g) {
    std::vector<std::ranges::range_value_t<G>> all;
    while (all.size() < n) all.push_back(*g.next());
    return all;
}

struct tree {
    char label;
    std::unique_ptr<tree> left, right;
    static std::unique_ptr<tree> of(const std::string& labels) {
        if (labels.empty()) return nullptr;
        const std::size_t middle = labels.size() / 2;
        return std::make_unique<tree>(labels[middle], of(labels.substr(0, middle)), of(labels.substr(middle + 1)));
    }
};

generator<char> in_order_by_recursion(const tree* t) {
    if (!t) co_return;
    for (const char label : in_order_by_recursion(t->left.get())) co_yield label;
    co_yield t->label;
    for (const char label : in_order_by_recursion(t->right.get())) co_yield label;
}
generator<char> in_order_with_a_stack(const tree* t) {
    std::vector<const tree*> stack;
    while (t || !stack.empty()) {
        for (; t; t = t->left.get()) stack.push_back(t);
        t = stack.back();
        stack.pop_back();
        co_yield t->label;
        t = t->right.get();
    }
}

TEST(generator_parity_programs, walk_a_tree_in_order_by_recursion_and_with_a_stack) {
    const std::string labels = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const auto t = tree::of(labels);
    std::string recursive, stacked;
    for (const char c : in_order_by_recursion(t.get())) recursive += c;
    for (const char c : in_order_with_a_stack(t.get())) stacked += c;
    EXPECT_EQ(recursive, labels);
    EXPECT_EQ(stacked, labels);
}

generator<std::string> combinations(std::string of, std::size_t k) {
    if (k > of.size()) co_return;
    if (k == 0) {
        co_yield "";
        co_return;
    }
    for (const std::string& c : combinations(of.substr(1), k - 1)) co_yield of[0] + c;
    for (std::string c : combinations(of.substr(1), k)) co_yield std::move(c);
}

TEST(generator_parity_programs, generate_all_combinations) {
    const auto all = [](std::size_t k) {
        std::vector<std::string> each;
        for (std::string c : combinations("1234", k)) each.push_back(std::move(c));
        return each;
    };
    using list = std::vector<std::string>;
    EXPECT_EQ(all(0), list{""});
    EXPECT_EQ(all(1), (list{"1", "2", "3", "4"}));
    EXPECT_EQ(all(2), (list{"12", "13", "14", "23", "24", "34"}));
    EXPECT_EQ(all(3), (list{"123", "124", "134", "234"}));
    EXPECT_EQ(all(4), list{"1234"});
    EXPECT_EQ(all(5), list{});
}

/// Each member's generator yields its root for ever; a merged one's asks its parent's.
class disjoint_set {
public:
    explicit disjoint_set(char name) : name_(name), roots_(roots()) {}
    disjoint_set(const disjoint_set&) = delete;
    disjoint_set& operator=(const disjoint_set&) = delete;
    char find() { return *roots_.next(); }
    void merge_into(disjoint_set& parent) { parent_ = &parent; }

private:
    generator<char> roots() {
        while (!parent_) co_yield name_;
        while (const auto root = parent_->roots_.next()) co_yield *root;
    }
    char name_;
    disjoint_set* parent_ = nullptr;
    generator<char> roots_;
};

TEST(generator_parity_programs, find_the_roots_of_disjoint_sets) {
    disjoint_set a('a'), b('b'), c('c'), d('d');
    disjoint_set* const sets[] = {&a, &b, &c, &d};
    const auto roots = [&] {
        std::string all;
        for (disjoint_set* s : sets) all += s->find();
        return all;
    };
    EXPECT_EQ(roots(), "abcd");
    a.merge_into(b);
    EXPECT_EQ(roots(), "bbcd");
    d.merge_into(a);
    EXPECT_EQ(roots(), "bbcb");
    b.merge_into(c);
    EXPECT_EQ(roots(), "cccc");
    EXPECT_EQ(roots(), "cccc");
}

// Sequences that need themselves

const numbers hamming_numbers{1,  2,  3,  4,   5,   6,   8,   9,   10,  12,  15,  16,  18,  20,  24,
                              25, 27, 30, 32,  36,  40,  45,  48,  50,  54,  60,  64,  72,  75,  80,
                              81, 90, 96, 100, 108, 120, 125, 128, 135, 144, 150, 160, 162, 180, 192};

generator<int> times(int n, generator<int> g) {
    for (const int i : g) co_yield n* i;
}
generator<int> merged(generator<int> a, generator<int> b) {
    int x = *a.next(), y = *b.next();
    for (;;) {
        const int least = std::min(x, y);
        co_yield least;
        if (x == least) x = *a.next();
        if (y == least) y = *b.next();
    }
}
TEST(generator_parity_programs, hamming_numbers_by_recursion) {
    std::function<generator<int>()> hamming;
    hamming = [&hamming]() -> generator<int> {
        co_yield 1;
        auto doubled = times(2, hamming()), tripled = times(3, hamming()), fivefold = times(5, hamming());
        co_yield weft::from(merged(merged(std::move(doubled), std::move(tripled)), std::move(fivefold)));
    };
    auto g = hamming();
    EXPECT_EQ(first(45, g), hamming_numbers);
}

/// What a generator yielded, kept; the generator may read it while it makes the next element.
class lazy_list {
public:
    void read_from(generator<int> source) { source_ = std::move(source); }
    generator<int> all() {
        for (std::size_t i = 0;; ++i) {
            while (i >= so_far_.size()) so_far_.push_back(*source_.next());
            co_yield so_far_[i];
        }
    }

private:
    numbers so_far_;
    generator<int> source_;
};

TEST(generator_parity_programs, hamming_and_fibonacci_numbers_by_a_shared_list) {
    const auto hamming = [](lazy_list& self) -> generator<int> {
        co_yield 1;
        co_yield weft::from(merged(merged(times(2, self.all()), times(3, self.all())), times(5, self.all())));
    };
    lazy_list h;
    h.read_from(hamming(h));
    auto all = h.all();
    EXPECT_EQ(first(45, all), hamming_numbers);

    const auto fibonacci = [](lazy_list& self) -> generator<int> {
        co_yield 1;
        co_yield 2;
        auto head = self.all(), tail = self.all();
        tail.next();
        for (;;) co_yield *head.next() + *tail.next();
    };
    lazy_list f;
    f.read_from(fibonacci(f));
    auto sums = f.all();
    EXPECT_EQ(first(10, sums), (numbers{1, 2, 3, 5, 8, 13, 21, 34, 55, 89}));
}

// Backtracking

using source = std::function<generator<int>()>;

/// Yields every list that takes one value from each source; a source is asked anew for each list before it.
generator<const numbers&> conjoin(const std::vector<source>& sources, numbers& values) {
    if (values.size() == sources.size()) {
        co_yield values;
        co_return;
    }
    for (const int value : sources[values.size()]()) {
        values.push_back(value);
        co_yield weft::from(conjoin(sources, values));
        values.pop_back();
    }
}

TEST(generator_parity_programs, conjoin_alternatives_by_backtracking) {
    const source bit = []() -> generator<int> {
        co_yield 0;
        co_yield 1;
    };
    for (std::size_t n = 0; n < 10; ++n) {
        const std::vector<source> sources(n, bit);
        numbers values;
        std::vector<numbers> all;
        for (const numbers& each : conjoin(sources, values)) {
            EXPECT_EQ(&each, &values) << "it is the same list each time";
            all.push_back(each);
        }
        EXPECT_EQ(all.size(), std::size_t{1} << n);
        EXPECT_TRUE(std::ranges::is_sorted(all));
        EXPECT_EQ(all.front(), numbers(n, 0));
        EXPECT_EQ(all.back(), numbers(n, 1));
    }
}

/// Closed knight's tours of a square board, from a corner; squares with few ways on come first.
class knights {
public:
    explicit knights(int size) : size_(size), ways_on_(static_cast<std::size_t>(size * size)) {
        for (int from = 0; from < size * size; ++from) {
            for (int to = 0; to < size * size; ++to) {
                if (is_move(from, to)) ways_on(from).push_back(to);
            }
        }
    }
    bool is_move(int from, int to) const {
        return std::abs(from / size_ - to / size_) * std::abs(from % size_ - to % size_) == 2;
    }
    std::vector<source> moves() {
        std::vector<source> all(ways_on_.size(), [this] { return advance(); });
        all[0] = [this] { return corner(); };
        all[1] = [this] { return second(); };
        all.back() = [this] { return last(); };
        return all;
    }

private:
    numbers& ways_on(int square) { return ways_on_[static_cast<std::size_t>(square)]; }
    /// @return whether there can still be a tour: every free square can be left, and at most one must be next
    bool take(int square) {
        int dead = 0, forced = 0;
        for (const int neighbour : ways_on(square)) {
            std::erase(ways_on(neighbour), square);
            if (ways_on(neighbour).empty()) ++dead;
            if (ways_on(neighbour).size() == 1) ++forced;
        }
        return dead == 0 && forced < 2;
    }
    void give_back(int square) {
        for (const int neighbour : ways_on(square)) ways_on(neighbour).push_back(square);
    }

    generator<int> corner() {
        take(0);
        at_ = 0;
        co_yield 0;
        give_back(0);
    }
    generator<int> second() {
        const int choices[] = {size_ + 2, 2 * size_ + 1};
        for (const int choice : choices) {
            home_ = choices[0] + choices[1] - choice;  // kept free for the last move: from there it goes back
            take(choice);
            ways_on(home_).push_back(0);
            at_ = choice;
            co_yield choice;
            std::erase(ways_on(home_), 0);
            give_back(choice);
        }
    }
    generator<int> advance() {
        const auto fewest_first = [this](int square) { return std::pair(ways_on(square).size(), square); };
        numbers candidates = ways_on(at_);
        std::ranges::sort(candidates, {}, fewest_first);
        if (ways_on(candidates[0]).size() == 1) candidates.resize(1);  // it must be the next one
        for (const int square : candidates) {
            if (square == home_) continue;
            if (take(square)) {
                at_ = square;
                co_yield square;
            }
            give_back(square);
        }
    }
    generator<int> last() {
        EXPECT_TRUE(std::ranges::count(ways_on(at_), home_));
        co_yield home_;
    }

    int size_;
    int at_ = 0, home_ = 0;
    std::vector<numbers> ways_on_;
};

TEST(generator_parity_programs, tour_a_board_by_knights_moves_a_hundred_generators_deep) {
    constexpr int size = 10;
    knights board(size);
    numbers squares;
    const auto moves = board.moves();
    auto tours = conjoin(moves, squares);
    std::vector<numbers> found;
    for (int i = 0; i < 2; ++i) found.push_back(*tours.next());
    EXPECT_EQ(tours.frames().size(), 101u);
    EXPECT_NE(found[0], found[1]);
    for (const numbers& tour : found) {
        numbers sorted = tour;
        std::ranges::sort(sorted);
        EXPECT_TRUE(std::ranges::equal(sorted, std::views::iota(0, size * size))) << "each square once";
        for (std::size_t i = 0; i < tour.size(); ++i) {
            EXPECT_TRUE(board.is_move(tour[i], tour[(i + 1) % tour.size()])) << "at move " << i;
        }
    }
}

}  // namespace
