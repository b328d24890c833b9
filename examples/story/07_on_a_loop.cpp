// SPDX-License-Identifier: Apache-2.0
// New: no threads, no wrapper. A loop does what 04 to 06 imitate: it keeps who waits, and resumes each when its answer is
// there. Whoever awaits says so by co_await, and the function is a task. The same lines as before, on one thread.
#include <weft/weft.hpp>

#include <cstdio>

using namespace std::chrono_literals;

weft::task<int> query() {
    std::puts("query starts");
    co_await weft::sleep(20ms);
    std::puts("query ends");
    co_return 42;
}

weft::task<> page() {
    std::puts("page starts");
    const int rows = co_await weft::create_task(query());  // it takes its place in the loop's queue, behind ping
    std::printf("page has %d rows\n", rows);
    std::puts("page ends");
}

weft::task<> ping() {
    std::puts("ping starts");
    co_await weft::yield_now();  // lets the others have their turn
    std::puts("ping ends");
}

weft::task<> serve() { co_await weft::gather(page(), ping()); }

int main() { weft::run(serve()); }
