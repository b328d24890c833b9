// SPDX-License-Identifier: Apache-2.0
#include "net/datagram_address.hpp"

#include "io/socket_address.hpp"

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

socket_address ip_address(const char* who, const std::string& host, std::uint16_t port) {
    if (const auto found = numeric_address(host == "localhost" ? "127.0.0.1" : host, port)) return *found;
    throw std::invalid_argument(std::string(who) + ": \"" + host + "\" is not an IPv4 or IPv6 address");
}

socket_address datagram_address(const char* who, const address& a) {
    const bool is_path = a.host.starts_with('/') || a.host.starts_with('@') || a.host.starts_with('.');
    return is_path ? unix_address(who, a.host) : ip_address(who, a.host, a.port);
}

socket_address datagram_address(const char* who, const address& a, int family) {
    return family == AF_UNIX ? unix_address(who, a.host) : datagram_address(who, a);
}

void connect_datagram_socket(int fd, const socket_address& to) {
    while (::connect(fd, to.get(), to.bytes) != 0) {
        if (errno == EINTR) continue;
        throw std::system_error(errno, std::generic_category(),
                                "connect to " + to_address(to.storage, to.bytes).to_string());
    }
}

bool is_connected(int fd) noexcept {
    sockaddr_storage peer;
    socklen_t bytes = sizeof peer;
    return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &bytes) == 0;
}

void adopt_datagram_socket(const unique_fd& socket, event_loop& loop, const char* who) {
    loop.require_unwatched(socket.get(), who);
    make_ours_for_datagrams(socket.get(), std::string(who) + ": descriptor " + std::to_string(socket.get()));
}

}  // namespace weft::inline v0
