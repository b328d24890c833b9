// SPDX-License-Identifier: Apache-2.0
// New: plain functions that wait. A fiber has a stack of its own, which stays as it is while it waits: so nobody on it has to
// be a coroutine, nor the one that calls the one that waits. The loop is that of 07, and so are the lines.
#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <cstdio>

using namespace std::chrono_literals;

int query() {
    std::puts("query starts");
    weft::await(weft::sleep(20ms));
    std::puts("query ends");
    return 42;
}

int rows_of_the_page() { return weft::await(weft::create_fiber(query)); }  // nothing in its type says that it waits

void page() {
    std::puts("page starts");
    const int rows = rows_of_the_page();
    std::printf("page has %d rows\n", rows);
    std::puts("page ends");
}

void ping() {
    std::puts("ping starts");
    weft::await(weft::yield_now());
    std::puts("ping ends");
}

weft::task<> serve() { co_await weft::gather(weft::create_fiber(page), weft::create_fiber(ping)); }

int main() { weft::run(serve()); }
