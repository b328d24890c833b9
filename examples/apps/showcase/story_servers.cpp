// SPDX-License-Identifier: Apache-2.0
// The story, 16 and 17: servers without coroutines. They are real ones, on the step's own thread, for as long as it plays;
// and none of their sockets waits for more than a second, so that no stranger can keep that thread.
#include "recorder.hpp"
#include "story.hpp"
#include "system_call.hpp"

#include <weft/base/unique_fd.hpp>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <functional>
#include <initializer_list>
#include <map>
#include <system_error>
#include <thread>
#include <vector>

namespace showcase {

namespace {

void send_all(const weft::unique_fd& to, const std::string& text) {
    check(::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL));
}

namespace server {

void wait_at_most_a_second(const weft::unique_fd& fd) {
    const timeval second{.tv_sec = 1, .tv_usec = 0};
    check(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second));
}

weft::unique_fd new_socket() {
    weft::unique_fd fd(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    wait_at_most_a_second(fd);
    return fd;
}

std::string read_line(const weft::unique_fd& from) {
    std::string line;
    for (char c = 0; line.size() < 100 && wait_in([&] { return ::read(from.get(), &c, 1); }) == 1 && c != '\n';)
        line += c;
    return line;
}

/// The clients: each asks, and waits for its answer.
void ask_for(recorder& r, sockaddr_in address, std::initializer_list<const char*> paths) {
    lane me(r, "clients, on a thread");
    try {
        for (const std::string path : paths) {
            const auto client = new_socket();
            check(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
            me.does("asks", path);
            send_all(client, path + '\n');
            me.does("goes on", read_line(client));
        }
    } catch (const std::system_error& e) {  // the server has failed, and says why
        me.says(e.what());
    }
}

using handler = std::string (*)(lane& server);

std::string hello(lane&) { return "hello"; }

std::string stop(lane& server) {
    server.says("will stop");
    return "goodbye";
}

std::string not_found(lane&) { return "not found"; }

void play(recorder& r) {
    lane me(r, "server");
    const std::map<std::string, handler> routes = {{"/hello", hello}, {"/stop", stop}};

    const auto listener = new_socket();
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};  // port 0: the kernel chooses
    socklen_t size = sizeof address;
    check(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size));
    check(::listen(listener.get(), SOMAXCONN));
    check(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size));
    const std::jthread clients([&r, address] { ask_for(r, address, {"/hello", "/nowhere", "/hello", "/stop"}); });

    for (std::string path; path != "/stop";) {
        me.does("waits", "a client");
        const weft::unique_fd client(
            wait_in([&] { return ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC); }));
        wait_at_most_a_second(client);
        me.does("waits", "its request, and for nobody else");
        path = read_line(client);
        const auto route = routes.find(path);
        const std::string answer = (route == routes.end() ? not_found : route->second)(me);
        me.says(path + ": " + answer);
        send_all(client, answer + '\n');
    }
}

}  // namespace server

namespace readiness {

struct loop {
    std::map<int, std::function<void()>> callbacks = {};  // by descriptor

    /// Waits until descriptors are ready, and calls back.
    void turn(lane& me) {
        std::vector<pollfd> watched;
        for (const auto& [fd, callback] : callbacks) watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
        wait_in([&] { return ::poll(watched.data(), watched.size(), 1000); });
        for (const pollfd& each : watched) {
            if (!each.revents) continue;
            me.does("calls back", "descriptor " + std::to_string(each.fd) + " is ready");
            std::function(callbacks.at(each.fd))();  // a copy: it may remove itself
        }
    }
};

/// A client, and the server's side of its connection. How far the request has come is kept here, not in a function.
struct connection {
    recorder& r;
    loop& l;
    std::string name, request = {};
    weft::unique_fd client = {}, server = {};

    connection(recorder& record, loop& of, const char* named) : r(record), l(of), name(named) {
        int pair[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        client = weft::unique_fd(pair[0]);
        server = weft::unique_fd(pair[1]);
        l.callbacks[pair[1]] = [this] { readable(); };
    }
    void send(const std::string& text) { send_all(client, text); }
    void readable() {
        lane me(r, name + ", called back");
        char bytes[100];
        request.append(bytes, static_cast<std::size_t>(check(::read(server.get(), bytes, sizeof bytes))));
        me.says((request.ends_with('!') ? "has asked: " : "keeps: ") + request);
        if (request.ends_with('!')) l.callbacks.erase(server.get());
    }
};

void play(recorder& r) {
    lane me(r, "loop");
    loop l;
    connection ann(r, l, "ann"), ben(r, l, "ben"), cat(r, l, "cat");
    ann.send("a lo");
    l.turn(me);
    ben.send("something short!");
    cat.send("the same!");
    l.turn(me);
    ann.send("ng story!");
    l.turn(me);
    me.says(std::to_string(l.callbacks.size()) + " are left");
}

}  // namespace readiness

constexpr std::string_view here = "story_servers.cpp";
constexpr story_step steps[] = {
    {"16_server",
     "A server is an endless loop: accept, find the handler, call it, answer, one client at a time. This one is real, small, and "
     "on a thread of its own: it ends after four.",
     server::play, here},
    {"17_readiness", "The loop asks the kernel which clients are ready, and calls the callback kept for each.",
     readiness::play, here},
};

}  // namespace

std::span<const story_step> steps_with_servers() { return steps; }

}  // namespace showcase
