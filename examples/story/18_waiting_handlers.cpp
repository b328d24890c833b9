// SPDX-License-Identifier: Apache-2.0
// New: a handler is a generator that yields the descriptor it waits for, and the loop resumes it when that is ready. How far
// a request has come is a local variable again: the handler reads from top to bottom, as in 16, and holds up nobody.
#include <weft/weft.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// What a system call gave, or its error as an exception.
template <class Result>
Result check(Result result) {
    if (result < 0) throw std::system_error(errno, std::generic_category());
    return result;
}

/// Something that can wait: yields the descriptor it waits for.
using handler = weft::generator<int>;

std::map<int, handler> waiting;  // by descriptor

/// Runs a handler until it waits, or ends.
void resume(handler h) {
    if (const auto fd = h.next()) waiting[*fd] = std::move(h);
}

/// Waits until descriptors are ready, and resumes who waits for them.
void turn() {
    std::vector<pollfd> watched;
    for (const auto& [fd, h] : waiting) watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    check(::poll(watched.data(), watched.size(), -1));
    for (const pollfd& each : watched) {
        if (each.revents) resume(std::move(waiting.extract(each.fd).mapped()));
    }
}

std::string receive(int fd) {
    char bytes[100];
    return {bytes, static_cast<std::size_t>(check(::read(fd, bytes, sizeof bytes)))};
}

handler serve(const char* name, weft::unique_fd server) {
    std::string request;
    while (!request.ends_with('!')) {
        if (!request.empty()) std::printf("%s has said: %s\n", name, request.c_str());
        co_yield server.get();
        request += receive(server.get());
    }
    std::printf("%s has asked: %s\n", name, request.c_str());
}

weft::unique_fd connect(const char* name) {
    int pair[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    resume(serve(name, weft::unique_fd(pair[1])));
    return weft::unique_fd(pair[0]);
}

void send(const weft::unique_fd& to, std::string_view text) { check(::write(to.get(), text.data(), text.size())); }

int main() {
    const auto ann = connect("ann"), ben = connect("ben"), cat = connect("cat");
    send(ann, "a lo");
    turn();
    send(ben, "something short!");
    send(cat, "the same!");
    turn();
    send(ann, "ng story!");
    turn();
    std::printf("%zu are left\n", waiting.size());
}
