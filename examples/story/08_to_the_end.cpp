// SPDX-License-Identifier: Apache-2.0
// Back to the beginning, to see what made 04 possible. A function that yields: called, it has not begun; asked for the next
// value, it runs as far as a co_yield and stands there. The end is an empty optional (Python's StopIteration).
#include <weft/weft.hpp>

#include <cstdio>

weft::generator<int> digits() {
    for (int n = 0; n < 10; ++n) co_yield n;
}

int main() {
    auto numbers = digits();
    while (const auto n = numbers.next()) std::printf("%d\n", *n);
    std::puts("end");
}
