// SPDX-License-Identifier: Apache-2.0
// Generators without an end. Nothing is computed until somebody asks for it, so the caller says how much there is: with a
// break, or with the adaptors of std::views, since a generator is a range.
//
//     def primes():
//         found = []
//         for n in itertools.count(2):
//             small = itertools.takewhile(lambda p: p * p <= n, found)
//             if all(n % p for p in small):
//                 found.append(n)
//                 yield n
//     list(itertools.islice(primes(), 10))
#include <weft/weft.hpp>

#include <algorithm>
#include <cstdio>
#include <ranges>
#include <utility>
#include <vector>

namespace views = std::views;

weft::generator<int> primes() {
    std::vector<int> found;
    for (int n = 2;; ++n) {
        auto small = found | views::take_while([n](int p) { return p * p <= n; });
        if (std::ranges::any_of(small, [n](int p) { return n % p == 0; })) continue;
        found.push_back(n);
        co_yield n;
    }
}

weft::generator<long> fibonacci() {
    for (long a = 0, b = 1;; b += std::exchange(a, b)) co_yield a;
}

/// A generator out of another one: the pairs of neighbours that are two apart.
weft::generator<std::pair<int, int>> twins(weft::generator<int> numbers) {
    int last = numbers.next().value();
    for (const int n : numbers) {
        if (n - last == 2) co_yield {last, n};
        last = n;
    }
}

int main() {
    for (const int p : primes() | views::take(10)) std::printf("%d ", p);
    std::puts("are the first ten");

    const auto ends_in_seven = [](int p) { return p % 10 == 7; };
    const auto below_a_million = [](int p) { return p < 1'000'000; };
    for (const int p : primes() | views::drop_while(below_a_million) | views::filter(ends_in_seven) | views::take(3)) {
        std::printf("%d ", p);
    }
    std::puts("end in 7");

    for (const auto& [p, q] : twins(primes()) | views::take(5)) std::printf("(%d %d) ", p, q);
    std::puts("are twins");

    long even = 0;
    for (const long n : fibonacci() | views::filter([](long f) { return f % 2 == 0; })) {
        if (n > 4'000'000) break;
        even += n;
    }
    std::printf("%ld is the sum of the even Fibonacci numbers up to four million\n", even);

    // A generator goes on from where it stands.
    auto numbers = primes();
    for (const int p : numbers) {
        if (p > 100) break;
    }
    std::printf("%d comes after the first above 100\n", numbers.next().value());
}
