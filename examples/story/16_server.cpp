// SPDX-License-Identifier: Apache-2.0
// Now the other half, the loop. Every server is an endless one: accept a connection, read the request, find the handler for
// its path, call it, answer. One at a time; while one client thinks about its request, all the others wait.
#include <weft/base/unique_fd.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>
#include <system_error>
#include <thread>

/// What a system call gave, or its error as an exception.
template <class Result>
Result check(Result result) {
    if (result < 0) throw std::system_error(errno, std::generic_category());
    return result;
}

weft::unique_fd new_socket() { return weft::unique_fd(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))); }

std::string read_line(int fd) {
    std::string line;
    for (char c = 0; check(::read(fd, &c, 1)) == 1 && c != '\n';) line += c;
    return line;
}

void write_line(int fd, const std::string& line) { check(::write(fd, (line + '\n').data(), line.size() + 1)); }

/// The clients: each asks, and waits for its answer.
void ask_for(sockaddr_in address, std::initializer_list<const char*> paths) {
    for (const char* path : paths) {
        const auto client = new_socket();
        check(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
        write_line(client.get(), path);
        read_line(client.get());
    }
}

bool stopped = false;
std::string hello() { return "hello"; }
std::string stop() {
    stopped = true;
    return "goodbye";
}
std::string not_found() { return "not found"; }

int main() {
    const std::map<std::string, std::string (*)()> routes = {{"/hello", hello}, {"/stop", stop}};

    const auto listener = new_socket();
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};  // port 0: the kernel chooses
    socklen_t size = sizeof address;
    check(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size));
    check(::listen(listener.get(), SOMAXCONN));
    check(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size));
    const std::jthread clients([address] { ask_for(address, {"/hello", "/nowhere", "/hello", "/stop"}); });

    while (!stopped) {
        const weft::unique_fd client(check(::accept(listener.get(), nullptr, nullptr)));
        const std::string path = read_line(client.get());
        const auto route = routes.find(path);
        const std::string answer = route == routes.end() ? not_found() : route->second();
        std::printf("%s: %s\n", path.c_str(), answer.c_str());
        write_line(client.get(), answer);
    }
}
