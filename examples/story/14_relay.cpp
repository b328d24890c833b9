// SPDX-License-Identifier: Apache-2.0
// New: a generator that hands on what two others yield and are sent. By hand that is a loop for each; `co_yield from` says
// the same in a word, and gives what the inner one returns. It hands on exceptions and close() too: see 15.
#include <weft/weft.hpp>

#include <cstdio>

/// Yields the sum so far of what it is sent, up to a 0, and returns it.
weft::generator<int, int, int> tally() {
    int sum = 0;
    while (const int n = co_yield sum) sum += n;
    co_return sum;
}

weft::generator<int, int, int> by_hand() {
    auto first = tally();
    auto sum = first.next();
    while (sum) {
        const int sent = co_yield *sum;
        sum = first.send(sent);
    }
    auto second = tally();
    sum = second.next();
    while (sum) {
        const int sent = co_yield *sum;
        sum = second.send(sent);
    }
    co_return first.result() * second.result();
}

weft::generator<int, int, int> by_from() {
    const int first = co_yield weft::from(tally());
    const int second = co_yield weft::from(tally());
    co_return first* second;
}

void converse(weft::generator<int, int, int> g) {
    std::printf("%d", *g.next());
    for (const int n : {1, 2, 3, 0, 4, 3, 0}) {
        if (const auto sum = g.send(n)) std::printf(" %d", *sum);
    }
    std::printf(", and in the end %d\n", g.result());
}

int main() {
    converse(by_hand());
    converse(by_from());
}
