// SPDX-License-Identifier: Apache-2.0
// weft inside a loop that is not its own: a toolkit's, a game's. The foreign loop waits on poll_fd() among its other
// descriptors, no longer than until next_deadline(), and calls run_once() when either is due. asyncio has no such thing.
#include <weft/weft.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

weft::task<> shout(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "!\n");
}

weft::task<std::string> ask() {
    auto server = co_await weft::start_server(shout, "127.0.0.1", 0);
    auto s = co_await weft::open_connection("127.0.0.1", server.port());
    co_await s.write("hello from a guest\n");
    co_await weft::sleep(5ms);
    auto reply = co_await s.read_line();
    co_await s.close();
    server.close();
    co_await server.wait_closed();
    co_return reply.value_or("nothing");
}

/// How long poll(2) may wait, in milliseconds rounded up; -1 for ever.
int timeout_of(weft::event_loop& loop) {
    if (loop.next_deadline() == weft::clock::time_point::max()) return -1;
    return std::max(
        0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(loop.next_deadline() - loop.time()).count()));
}

int main() {
    int ends[2];  // the foreign loop's own descriptor
    if (::pipe(ends) != 0) return 1;

    weft::event_loop loop;
    const auto asking = weft::create_task_on(loop, ask());
    pollfd watched[] = {{.fd = ends[0], .events = POLLIN, .revents = 0},
                        {.fd = loop.poll_fd(), .events = POLLIN, .revents = 0}};
    loop.run_once();  // hands over what was submitted so far

    bool key_pressed = false;
    while (!asking.done() || !key_pressed) {
        if (asking.done() && ::write(ends[1], "q", 1) != 1) return 1;  // somebody presses a key
        ::poll(watched, 2, timeout_of(loop));
        if (watched[0].revents & POLLIN) {
            char key = 0;
            key_pressed = ::read(ends[0], &key, 1) == 1;
            std::printf("the foreign loop read '%c'\n", key);
        }
        loop.run_once();  // does not wait
        if (asking.done() && !key_pressed) std::printf("weft says: %s\n", asking.result().c_str());
    }
    loop.close();
    ::close(ends[0]);
    ::close(ends[1]);
}
