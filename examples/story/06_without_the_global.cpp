// SPDX-License-Identifier: Apache-2.0
// New: the query is a generator too, whose value is the answer. The wrapper knows both, the one that waits and the one that
// is waited for, and carries the answer from one to the other: no global, and neither knows of the other or of threads.
#include <weft/weft.hpp>

#include <barrier>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

/// Something to wait for: yields the answer.
using question = weft::generator<int>;
/// A request that can wait: yields the question, is sent the answer.
using request = weft::generator<question, int>;

std::barrier both(2);  // each waits there for the other, so that the order is the same in every run

/// A plain function that runs the request to its first co_yield, and leaves the rest to a thread.
auto started(request (*function)()) {
    return [function] {
        request waiting = function();
        question asked = waiting.next().value();
        return std::jthread(
            [waiting = std::move(waiting), asked = std::move(asked)] mutable { waiting.send(asked.next().value()); });
    };
}

question query() {
    both.arrive_and_wait();
    std::puts("query starts");
    both.arrive_and_wait();
    std::this_thread::sleep_for(20ms);
    both.arrive_and_wait();
    std::puts("query ends");
    co_yield 42;
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
