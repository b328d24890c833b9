// SPDX-License-Identifier: Apache-2.0
// New: generators without an end. They compute only what is asked for, so the caller says how much there is.
#include <weft/weft.hpp>

#include <algorithm>
#include <cstdio>
#include <ranges>
#include <utility>
#include <vector>

weft::generator<int> primes() {
    std::vector<int> found;
    for (int n = 2;; ++n) {
        if (std::ranges::all_of(found, [n](int p) { return n % p != 0; })) {
            found.push_back(n);
            co_yield n;
        }
    }
}

weft::generator<int> fibonacci() {
    for (int a = 1, b = 1;; b += std::exchange(a, b)) co_yield a;
}

void print_ten(weft::generator<int> numbers) {
    for (const int n : std::move(numbers) | std::views::take(10)) std::printf("%d ", n);
    std::puts("...");
}

int main() {
    print_ten(primes());
    print_ten(fibonacci());
}
