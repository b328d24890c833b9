// SPDX-License-Identifier: Apache-2.0
// A program with a flight recorder, and of each kind of wake-up one that must be found: by a time, by a task, by a thread,
// and none yet.
//
//     recorded [TRACE]     writes a trace into that file, says "ready", and stays as it is
#include <weft/inspect/flight_recorder.hpp>
#include <weft/weft.hpp>

#include <unistd.h>

#include <coroutine>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

weft::task<> sleeps_for_ever() { co_await weft::sleep(1h); }
weft::task<> hears(weft::event& bell) {
    co_await bell.wait();
    co_await sleeps_for_ever();
}
weft::task<> was_early(weft::event& over) {
    co_await weft::sleep(1ms);
    over.set();
    co_await sleeps_for_ever();
}

struct by_a_thread {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const {
        std::thread([h] { h.resume(); }).detach();
    }
    void await_resume() const noexcept {}
};
weft::task<> asks_a_thread(weft::event& over) {
    co_await by_a_thread();
    over.set();
    co_await sleeps_for_ever();
}
weft::async_generator<int> counts() {
    co_yield 1;
    co_await sleeps_for_ever();
}
weft::task<> iterates() {
    auto c = counts();
    while (co_await c.next()) {
    }
}

weft::task<> connects(std::uint16_t port) {
    auto s = co_await weft::open_connection("127.0.0.1", port);
    co_await s.write("hello\n");
    co_await s.read_line();
    co_await s.close();
}

weft::task<> main_task(const char* trace) {
    weft::flight_recorder recorder;
    weft::event bell, never, early, answered;
    auto server = co_await weft::start_server(
        [](weft::stream s) -> weft::task<> {
            while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
        },
        "127.0.0.1", 0);
    std::vector<weft::task_handle<>> all;
    all.push_back(weft::create_task(hears(bell), {.name = "hears"}));
    all.push_back(weft::create_task(hears(never), {.name = "hears nothing"}));
    all.push_back(weft::create_task(was_early(early), {.name = "was early"}));
    all.push_back(weft::create_task(asks_a_thread(answered), {.name = "asks a thread"}));
    all.push_back(weft::create_task(iterates(), {.name = "iterates"}));
    all.push_back(weft::create_task(weft::sleep(1h), {.name = "a \"name\"\nof \\ two lines \xff"}));
    const auto ends = weft::create_task(sleeps_for_ever(), {.name = "ends early"});
    co_await connects(server.port());
    (void)ends.cancel();
    bell.set();
    co_await early.wait();
    co_await answered.wait();
    co_await weft::sleep(1ms);  // until they stay where they are
    if (trace) recorder.write_file(trace);
    const auto not_begun = weft::create_task(sleeps_for_ever(), {.name = "not begun"});
    std::puts("ready");
    std::fflush(stdout);
    for (;;) ::pause();  // so that what is ready does not run
}

}  // namespace

int main(int argc, char** argv) { weft::run(main_task(argc == 2 ? argv[1] : nullptr)); }
