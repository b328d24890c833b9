// SPDX-License-Identifier: Apache-2.0
// New: a generator is told something. `co_yield n` hands out n, waits, and then is what was sent.
#include <weft/weft.hpp>

#include <cstdio>

weft::generator<int, int> echo() {
    for (int n = 0;;) n = co_yield n;
}

int main() {
    auto parrot = echo();
    std::printf("%d\n", *parrot.next());  // to the co_yield: before that, nothing is there to take a value
    std::printf("%d\n", *parrot.send(1));
    std::printf("%d\n", *parrot.send(2));
}
