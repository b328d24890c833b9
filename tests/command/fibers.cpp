// SPDX-License-Identifier: Apache-2.0
// A program whose tasks are fibers, of whose stacks `weft` is to show the functions. Says "ready" when all stand where they stay.
#include <weft/fiber/create_fiber.hpp>
#include <weft/fiber/fiber_generator.hpp>
#include <weft/weft.hpp>

#include <sys/socket.h>

#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

namespace {

// Calls that no compiler makes jumps, or inlines unless it is told to.
volatile int calls_returned = 0;
void returns() { calls_returned = calls_returned + 1; }

[[gnu::always_inline]] inline void reads_a_token(weft::event& more) {
    weft::await(more.wait());
    returns();
}
[[gnu::noinline]] void parses(int depth, weft::event& more) {
    if (depth == 0) {
        reads_a_token(more);
    } else {
        parses(depth - 1, more);
    }
    returns();
}
[[gnu::noinline]] void serves(weft::event& more) {
    parses(2, more);
    returns();
}

[[gnu::noinline]] void rests(weft::event& more) {
    weft::await(more.wait());
    returns();
}

// A generator's body, which waits when it is asked.
[[gnu::noinline]] void generates(weft::event& more) {
    weft::await(more.wait());
    returns();
}
[[gnu::noinline]] void asks(weft::event& more) {
    weft::fiber_generator<int> numbers([&more](auto& yield) {
        generates(more);
        yield(1);
    });
    for ([[maybe_unused]] const int n : numbers) returns();
    returns();
}

weft::task<> sleeps() { co_await weft::sleep(1h); }
[[gnu::noinline]] void awaits_a_task() {
    weft::await(sleeps());
    returns();
}

}  // namespace

extern "C" {
// As of a library that knows nothing of weft.
[[gnu::noinline]] long receives(int fd) {
    char byte = 0;
    const long got = ::recv(fd, &byte, 1, 0);
    returns();
    return got;
}
}

namespace {

weft::task<> main_task() {
    weft::event more;
    auto parser = weft::create_fiber({.name = "parser"}, [&] { serves(more); });
    auto asking = weft::create_fiber({.name = "asking"}, [&] { asks(more); });
    auto awaiting = weft::create_fiber({.name = "awaiting"}, awaits_a_task);
    int ends[2] = {-1, -1};
    (void)::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
#if WEFT_TEST_HOOK
    auto client = weft::create_fiber({.name = "client"}, [fd = ends[0]] { receives(fd); });
#endif
    std::vector<weft::task_handle<>> alike;
    for (int i = 0; i < 50; ++i) alike.push_back(weft::create_fiber(rests, std::ref(more)));
    co_await weft::sleep(50ms);
    std::printf("ready, descriptor %d\n", ends[0]);
    std::fflush(stdout);
    co_await weft::sleep(1h);
}

}  // namespace

int main() { weft::run(main_task()); }
