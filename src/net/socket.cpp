// SPDX-License-Identifier: Apache-2.0
#include "net/socket.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

namespace {

bool parse_ipv4(const std::string& host, std::uint16_t port, socket_address& out) {
    auto& in = reinterpret_cast<sockaddr_in&>(out.storage);
    if (::inet_pton(AF_INET, host.c_str(), &in.sin_addr) != 1) return false;
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    out.bytes = sizeof in;
    return true;
}

bool parse_ipv6(const std::string& host, std::uint16_t port, socket_address& out) {
    auto& in = reinterpret_cast<sockaddr_in6&>(out.storage);
    const auto zone = host.find('%');
    if (::inet_pton(AF_INET6, host.substr(0, zone).c_str(), &in.sin6_addr) != 1) return false;
    if (zone != std::string::npos) {
        in.sin6_scope_id = ::if_nametoindex(host.c_str() + zone + 1);
        if (in.sin6_scope_id == 0) return false;
    }
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    out.bytes = sizeof in;
    return true;
}

}  // namespace

void socket_address::set_port(std::uint16_t port) noexcept {
    // At the same place in both families.
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
}

socket_address numeric_address(const char* who, const std::string& host, std::uint16_t port) {
    socket_address out;
    if (parse_ipv4(host == "localhost" ? "127.0.0.1" : host, port, out) || parse_ipv6(host, port, out)) return out;
    throw std::invalid_argument(std::string(who) + ": \"" + host +
                                "\" is not an IPv4 or IPv6 address (names other than localhost are not looked up)");
}

std::vector<socket_address> listening_addresses(const std::string& host, std::uint16_t port) {
    if (!host.empty()) return {numeric_address("start_server", host, port)};
    return {numeric_address("start_server", "0.0.0.0", port), numeric_address("start_server", "::", port)};
}

unique_fd make_tcp_socket(int family) {
    unique_fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) throw std::system_error(errno, std::generic_category(), "socket");
    return fd;
}

void set_option(int fd, int level, int option, int value, const char* what) {
    if (::setsockopt(fd, level, option, &value, sizeof value) != 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

}  // namespace weft::inline v0
