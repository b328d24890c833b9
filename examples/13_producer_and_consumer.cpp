// SPDX-License-Identifier: Apache-2.0
// A producer and a consumer, both of them generators, neither of which calls the other. Each can end the work: by
// returning, or by an exception. What is between them tells the other side, by close() or by raise().
//
//     next(shelf)
//     for loaf in oven:
//         try:
//             shelf.send(loaf)
//         except StopIteration as full:
//             oven.close()
//             return full.value
//     return shelf.close()
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

/// The producer: yields the numbers of its loaves.
weft::generator<int> oven(int flour, int breaks_at = 0) {
    try {
        for (int loaf = 1; loaf <= flour; ++loaf) {
            if (loaf == breaks_at) throw std::runtime_error("the oven is broken");
            co_yield loaf;
        }
        std::puts("  oven: no more flour");
    } catch (const weft::generator_exit&) {
        std::puts("  oven: switched off");
        throw;
    }
}

/// The consumer: yields how many loaves it has room for, is sent them, and returns how it ended.
weft::generator<int, int, std::string> shelf(int room) {
    try {
        for (; room > 0; --room) std::printf("  shelf: loaf %d\n", co_yield room);
        co_return "the shelf is full";
    } catch (const weft::generator_exit&) {
        co_return "there is room for " + std::to_string(room) + " more";
    } catch (const std::exception& e) {
        co_return std::string(e.what()) + ", and there is room for " + std::to_string(room) + " more";
    }
}

std::string fill(weft::generator<int, int, std::string> shelf, weft::generator<int> oven) {
    shelf.next();
    try {
        for (const int loaf : oven) {
            if (shelf.send(loaf)) continue;
            oven.close();  // the consumer has returned: it wants no more
            return shelf.result();
        }
    } catch (const std::exception&) {
        shelf.raise(std::current_exception());  // the producer has failed: let the consumer say what that means
        return shelf.result();
    }
    return shelf.close().value();  // the producer has returned: there is no more
}

int main() {
    std::puts("a small shelf:");
    std::printf("%s\n", fill(shelf(2), oven(9)).c_str());

    std::puts("a large shelf:");
    std::printf("%s\n", fill(shelf(8), oven(3)).c_str());

    std::puts("an old oven:");
    std::printf("%s\n", fill(shelf(8), oven(9, 3)).c_str());
}
