// SPDX-License-Identifier: Apache-2.0
// A program that is not linked to weft::hook. With the library in LD_PRELOAD a call that blocks suspends its fiber; without it, it is libc's
// and holds up the loop. Which of them it was is told by the order of what happens: hook_preloaded suspends | blocks
#include <weft/base/unique_fd.hpp>
#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace {

struct ends {
    weft::unique_fd a, b;
};
ends make_socketpair() {
    int fds[2] = {-1, -1};
    (void)::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
    return {weft::unique_fd(fds[0]), weft::unique_fd(fds[1])};
}

/// One fiber waits for a byte by `call`, for 10 ms at the least; another one, begun after it, sends it.
template <class Call>
weft::task<std::string> order_of(Call call) {
    const ends pair = make_socketpair();
    std::string order;
    auto first = weft::create_fiber([&, fd = pair.a.get()] {
        order += "waits, ";
        order += call(fd) == 1 ? "has it; " : "has nothing; ";
    });
    auto second = weft::create_fiber([&, fd = pair.b.get()] {
        order += "sends, ";
        if (send(fd, "x", 1, 0) != 1) order += "(not sent) ";
    });
    co_await first;
    co_await second;
    co_return order;
}

weft::task<std::string> orders(int milliseconds) {
    const auto receive = [=](int fd) {
        const timeval patience{.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        char c = 0;
        return recv(fd, &c, 1, 0);
    };
    const auto look = [=](int fd) {
        pollfd p{fd, POLLIN, 0};
        return poll(&p, 1, milliseconds);
    };
    std::string all = co_await order_of(receive);
    all += co_await order_of(look);
    co_return all;
}

}  // namespace

int main(int count, char** arguments) {
    const bool suspends = count == 2 && std::string_view(arguments[1]) == "suspends";
    // Who is suspended has all the time that a slow machine may take; who blocks waits in vain.
    const std::string seen = weft::run(orders(suspends ? 10'000 : 10));
    std::puts(seen.c_str());
    const char* const wanted = suspends ? "waits, sends, has it; waits, sends, has it; "
                                        : "waits, has nothing; sends, waits, has nothing; sends, ";
    return seen == wanted ? 0 : 1;
}
