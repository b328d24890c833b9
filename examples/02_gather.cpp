// SPDX-License-Identifier: Apache-2.0
// Running tasks at the same time: gather() takes any number of them and gives all their results, whatever their types,
// as a tuple; a vector of tasks gives a vector. The first failure is thrown at once.
//
//     a, b = await asyncio.gather(factorial("A", 3), name_of(7))
//     squares = await asyncio.gather(*[square(n) for n in range(5)])
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

weft::task<int> factorial(const char* name, int number) {
    int product = 1;
    for (int i = 2; i <= number; ++i) {
        std::printf("Task %s: computes factorial(%d), at i=%d\n", name, number, i);
        co_await weft::sleep(5ms);
        product *= i;
    }
    co_return product;
}

weft::task<std::string> name_of(int number) {
    co_await weft::sleep(2ms);
    if (number != 7) throw std::invalid_argument("only seven has a name");
    co_return "seven";
}

weft::task<int> square(int n) {
    co_await weft::yield_now();
    co_return n* n;
}

weft::task<> main_task() {
    const auto [six, name, twenty_four] = co_await weft::gather(factorial("A", 3), name_of(7), factorial("B", 4));
    std::printf("%d %s %d\n", six, name.c_str(), twenty_four);

    std::vector<weft::task<int>> all;
    for (int n = 0; n < 5; ++n) all.push_back(square(n));
    const auto squares = co_await weft::gather(std::move(all));
    std::printf("%d and %d among %zu squares\n", squares.front(), squares.back(), squares.size());

    try {
        co_await weft::gather(square(2), name_of(8));
    } catch (const std::invalid_argument& e) {
        std::printf("failed: %s\n", e.what());
    }
}

int main() { weft::run(main_task()); }
