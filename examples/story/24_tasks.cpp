// SPDX-License-Identifier: Apache-2.0
// New: all of it at once. print_sum awaits compute, compute awaits a second (a short one, here), and the loop, which run()
// makes, resumes compute when that is over. Nothing of 19 to 21 is to be seen, and all of it is there.
#include <weft/weft.hpp>

#include <cstdio>

using namespace std::chrono_literals;

constexpr auto second = 20ms;

weft::task<int> compute(int x, int y) {
    std::printf("Compute %d + %d ...\n", x, y);
    co_await weft::sleep(second);
    co_return x + y;
}

weft::task<> print_sum(int x, int y) {
    const int result = co_await compute(x, y);
    std::printf("%d + %d = %d\n", x, y, result);
}

int main() { weft::run(print_sum(1, 2)); }
