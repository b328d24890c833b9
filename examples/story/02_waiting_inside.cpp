// SPDX-License-Identifier: Apache-2.0
// New: the page needs something from a database. While it waits there it does nothing, and everybody behind it waits too,
// for no reason of their own.
#include <chrono>
#include <cstdio>
#include <thread>

using namespace std::chrono_literals;

int query() {
    std::puts("query starts");
    std::this_thread::sleep_for(20ms);  // the database thinks
    std::puts("query ends");
    return 42;
}

void page() {
    std::puts("page starts");
    const int rows = query();
    std::printf("page has %d rows\n", rows);
    std::puts("page ends");
}

void ping() {
    std::puts("ping starts");
    std::puts("ping ends");
}

int main() {
    page();
    ping();
}
