// SPDX-License-Identifier: Apache-2.0
// New: a wrapper starts the generator, so that its caller need not know that it is one. page() is called as ping() is, and
// comes back as soon as it has to wait.
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

/// A plain function that runs the generator to its first co_yield.
auto started(request (*function)()) {
    return [function] {
        waiting = function();
        return waiting.next().value();
    };
}

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

const auto page = started([]() -> request {
    std::puts("page starts");
    const int rows = co_yield query();
    std::printf("page has %d rows\n", rows);
    std::puts("page ends");
});

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
