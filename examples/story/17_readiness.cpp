// SPDX-License-Identifier: Apache-2.0
// New: nobody waits for one client. The kernel is asked which of all descriptors are ready, and the callback kept for each
// of those is called. But a callback must return, so how far a request has come must be kept outside it: in an object.
#include <weft/base/unique_fd.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

/// What a system call gave, or its error as an exception.
template <class Result>
Result check(Result result) {
    if (result < 0) throw std::system_error(errno, std::generic_category());
    return result;
}

std::map<int, std::function<void()>> callbacks;  // by descriptor

/// Waits until descriptors are ready, and calls back.
void turn() {
    std::vector<pollfd> watched;
    for (const auto& [fd, callback] : callbacks) watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    check(::poll(watched.data(), watched.size(), -1));
    for (const pollfd& each : watched) {
        if (each.revents) std::function(callbacks.at(each.fd))();  // a copy: it may remove itself
    }
}

std::string receive(int fd) {
    char bytes[100];
    return {bytes, static_cast<std::size_t>(check(::read(fd, bytes, sizeof bytes)))};
}

/// A client, and the server's side of its connection. (The two are made in pairs: no port is needed.)
struct connection {
    std::string name, request;
    weft::unique_fd client, server;

    explicit connection(const char* of) : name(of) {
        int pair[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        client = weft::unique_fd(pair[0]);
        server = weft::unique_fd(pair[1]);
        callbacks[pair[1]] = [this] { readable(); };
    }
    void send(const std::string& text) { check(::write(client.get(), text.data(), text.size())); }
    void readable() {
        request += receive(server.get());
        if (!request.ends_with('!')) return (void)std::printf("%s has said: %s\n", name.c_str(), request.c_str());
        std::printf("%s has asked: %s\n", name.c_str(), request.c_str());
        callbacks.erase(server.get());
    }
};

int main() {
    connection ann("ann"), ben("ben"), cat("cat");
    ann.send("a lo");
    turn();
    ben.send("something short!");
    cat.send("the same!");
    turn();
    ann.send("ng story!");
    turn();
    std::printf("%zu are left\n", callbacks.size());
}
