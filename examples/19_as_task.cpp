// SPDX-License-Identifier: Apache-2.0
// as_task() runs a generator that yields futures as a task: each future is awaited, and its result sent in, or its error
// raised. This is how coroutines were written before `await`, and still the way to let code that only yields run on a loop.
//
//     @tornado.gen.coroutine
//     def total(prices, items):
//         sum = 0
//         for item in items:
//             sum += yield prices.lookup(item)
//         return sum
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

/// An interface of callbacks and futures, as there are many.
weft::future<int> lookup(std::string item) {
    weft::future<int> price;
    weft::get_running_loop().call_later(1ms, [price, item] {
        if (item == "unicorn") return price.set_exception(std::out_of_range("there is no unicorn"));
        price.set_result(static_cast<int>(item.size()));
    });
    return price;
}

/// Tries the price list, and takes 1 for what is not on it.
weft::generator<weft::future<int>, int, int> price_of(std::string item) {
    try {
        co_return co_yield lookup(item);
    } catch (const std::out_of_range& e) {
        std::printf("%s: let us say 1\n", e.what());
        co_return 1;
    }
}

weft::generator<weft::future<int>, int, int> total(std::vector<std::string> items) {
    int sum = 0;
    for (const std::string& item : items) {
        const int price = co_yield weft::from(price_of(item));
        std::printf("%s costs %d\n", item.c_str(), price);
        sum += price;
    }
    co_return sum;
}

weft::task<> main_task() {
    const int sum = co_await weft::as_task(total({"loom", "shuttle", "unicorn"}));
    std::printf("%d in all\n", sum);

    // It is a task like any other.
    const auto [silk, wool] =
        co_await weft::gather(weft::as_task(total({"silk"})), weft::as_task(total({"wool", "dye"})));
    std::printf("%d and %d\n", silk, wool);
}

int main() { weft::run(main_task()); }
