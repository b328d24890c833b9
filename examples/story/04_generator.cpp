// SPDX-License-Identifier: Apache-2.0
// New: the page is a generator. At its co_yield it is left, with all it knows, and the thread that has the answer resumes it
// there by send(). The page is one function again, and reads as in 02. How does the thread know whom to resume? By a global.
#include <weft/weft.hpp>

#include <barrier>
#include <chrono>
#include <cstdio>
#include <thread>

using namespace std::chrono_literals;

/// A request that can wait: yields the thread it waits for, is sent the answer.
using request = weft::generator<std::jthread, int>;

request waiting;
std::barrier both(2);  // each waits there for the other, so that the order is the same in every run

std::jthread query() {
    return std::jthread([] {
        both.arrive_and_wait();
        std::puts("query starts");
        both.arrive_and_wait();
        std::this_thread::sleep_for(20ms);
        both.arrive_and_wait();
        std::puts("query ends");
        waiting.send(42);
    });
}

request page() {
    std::puts("page starts");
    const int rows = co_yield query();
    std::printf("page has %d rows\n", rows);
    std::puts("page ends");
}

void ping() {
    std::puts("ping starts");
    both.arrive_and_wait();  // now the query starts
    both.arrive_and_wait();
    std::puts("ping ends");
    both.arrive_and_wait();  // now it may end
}

int main() {
    waiting = page();
    const auto reader = waiting.next();  // runs the page to its co_yield
    ping();
}
