// SPDX-License-Identifier: Apache-2.0
// The first coroutine of asyncio's documentation. A task is lazy: calling compute() runs nothing, awaiting it does.
//
//     async def compute(x, y):
//         print("Compute %s + %s ..." % (x, y))
//         await asyncio.sleep(0.01)
//         return x + y
//     async def print_sum(x, y):
//         result = await compute(x, y)
//         print("%s + %s = %s" % (x, y, result))
//     asyncio.run(print_sum(1, 2))
#include <weft/weft.hpp>

#include <cstdio>

using namespace std::chrono_literals;

weft::task<int> compute(int x, int y) {
    std::printf("Compute %d + %d ...\n", x, y);
    co_await weft::sleep(10ms);
    co_return x + y;
}

weft::task<> print_sum(int x, int y) {
    const int result = co_await compute(x, y);
    std::printf("%d + %d = %d\n", x, y, result);
}

int main() { weft::run(print_sum(1, 2)); }
