// SPDX-License-Identifier: Apache-2.0
// A program in which all is wrong that `weft ps` is to find: two tasks that deadlock, one that holds a lock for ever and one
// that waits for it, and, in a second loop, one in an endless loop. Beside them some that are well.
//
//     patient [--sleepers N | --map-low FILE]     says "ready" when all of them are where they stay
#include <weft/weft.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;

namespace {

weft::task<> takes_both(weft::lock& first, weft::lock& second) {
    const auto one = co_await first.acquire();
    co_await weft::sleep(10ms);
    const auto two = co_await second.acquire();
}

weft::task<> holds(weft::lock& l) {
    const auto held = co_await l.acquire();
    co_await weft::sleep(1h);
}

weft::task<> wants(weft::lock& l) { const auto held = co_await l.acquire(); }

weft::task<> sleeps() { co_await weft::sleep(1h); }

weft::async_generator<int> ticks() {
    co_await weft::sleep(2h);
    co_yield 1;
}
weft::task<> iterates() {
    auto t = ticks();
    co_await t.next();
}

weft::task<> gathers() { co_await weft::gather(sleeps(), sleeps(), iterates()); }

volatile bool for_ever = true;

weft::task<> spins() {
    co_await weft::sleep(1ms);
    while (for_ever) {
    }
}

weft::task<> main_task(int count) {
    weft::lock a, b, c;
    auto left = weft::create_task(takes_both(a, b), {.name = "left"});
    auto right = weft::create_task(takes_both(b, a), {.name = "right"});
    auto holder = weft::create_task(holds(c), {.name = "holder"});
    auto waiter = weft::create_task(wants(c), {.name = "waiter"});
    auto gatherer = weft::create_task(gathers(), {.name = "gatherer"});
    std::vector<weft::task_handle<>> sleepers;
    for (int i = 0; i < count; ++i) sleepers.push_back(weft::create_task(sleeps()));
    // A callback says it, for no task is to be running by then, this one neither; late, for the lock to have been held long.
    weft::get_running_loop().call_later(1500ms, [] {
        std::puts("ready");
        std::fflush(stdout);
    });
    co_await weft::sleep(1h);
}

/// A file that lies below everything else.
void map_low(const char* name) {
    void* const lowest = reinterpret_cast<void*>(0x10000);  // vm.mmap_min_addr
    const int fd = ::open(name, O_RDONLY | O_CLOEXEC);
    if (::mmap(lowest, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0) == MAP_FAILED) std::perror("mmap");
    ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view option = argc == 3 ? argv[1] : "";
    if (option == "--map-low") map_low(argv[2]);
    std::thread([] { weft::run(spins()); }).detach();
    weft::run(main_task(option == "--sleepers" ? std::atoi(argv[2]) : 100));
}
