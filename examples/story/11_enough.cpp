// SPDX-License-Identifier: Apache-2.0
// New: the consumer can say that it wants no more. raise() raises an exception at the co_yield where the producer stands;
// the producer catches it there, and ends.
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>

struct enough : std::runtime_error {
    using runtime_error::runtime_error;
};

weft::generator<int> producer() {
    try {
        for (int n = 5; n > 0; --n) co_yield n;
    } catch (const enough& e) {
        std::puts(e.what());
    }
}

void consumer(weft::generator<int> numbers) {
    while (const auto n = numbers.next()) {
        std::printf("got %d\n", *n);
        if (*n == 3) numbers.raise(enough("only 3, 4, 5 wanted"));
    }
    std::puts("end");
}

int main() { consumer(producer()); }
