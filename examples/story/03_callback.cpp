// SPDX-License-Identifier: Apache-2.0
// New: a thread does the waiting, and the page returns at once. Nobody is held up any more; but the rest of the page has
// become a function of its own, called from elsewhere, that knows nothing of what the page knew.
#include <barrier>
#include <chrono>
#include <cstdio>
#include <thread>

using namespace std::chrono_literals;

std::barrier both(2);  // each waits there for the other, so that the order is the same in every run

std::jthread query(void (*callback)(int)) {
    return std::jthread([callback] {
        both.arrive_and_wait();
        std::puts("query starts");
        both.arrive_and_wait();
        std::this_thread::sleep_for(20ms);
        both.arrive_and_wait();
        std::puts("query ends");
        callback(42);
    });
}

void page_goes_on(int rows) {
    std::puts("page is called back");
    std::printf("page has %d rows\n", rows);
    std::puts("page ends");
}

std::jthread page() {
    std::puts("page starts");
    std::jthread reader = query(page_goes_on);
    std::puts("page is left");
    return reader;
}

void ping() {
    std::puts("ping starts");
    both.arrive_and_wait();  // now the query starts
    both.arrive_and_wait();
    std::puts("ping ends");
    both.arrive_and_wait();  // now it may end
}

int main() {
    const std::jthread reader = page();
    ping();
}
