// SPDX-License-Identifier: Apache-2.0
#include "io/socket_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace weft::inline v0 {

namespace {
/// As a connection's end has it, perhaps with a zone.
bool is_ip(const std::string& host) {
    in6_addr bits;
    const std::string digits = host.substr(0, host.find('%'));
    return ::inet_pton(AF_INET, digits.c_str(), &bits) == 1 || ::inet_pton(AF_INET6, digits.c_str(), &bits) == 1;
}
}  // namespace

std::string address::to_string() const {
    if (host.empty()) return "?";
    if (host.starts_with('/') || host.starts_with('@') || (port == 0 && !is_ip(host))) return host;
    if (host.find(':') != std::string::npos) return "[" + host + "]:" + std::to_string(port);
    return host + ":" + std::to_string(port);
}

namespace {
/// Which network a link-local address is meant in: "%eth0". Empty if it says none.
std::string zone(unsigned scope) {
    char name[IF_NAMESIZE] = {};
    if (scope == 0) return {};
    return "%" + (::if_indextoname(scope, name) ? std::string(name) : std::to_string(scope));
}
}  // namespace

address to_address(const sockaddr_storage& from, socklen_t bytes) {
    char text[INET6_ADDRSTRLEN] = {};
    if (from.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(from);
        ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
        return {text, ntohs(in.sin_port)};
    }
    if (from.ss_family == AF_INET6) {
        const auto& in = reinterpret_cast<const sockaddr_in6&>(from);
        ::inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
        return {text + zone(in.sin6_scope_id), ntohs(in.sin6_port)};
    }
    if (from.ss_family == AF_UNIX && bytes > offsetof(sockaddr_un, sun_path)) {
        const auto& un = reinterpret_cast<const sockaddr_un&>(from);
        const std::size_t length = bytes - offsetof(sockaddr_un, sun_path);
        if (un.sun_path[0] == '\0') return {"@" + std::string(un.sun_path + 1, length - 1), 0};
        return {std::string(un.sun_path, ::strnlen(un.sun_path, length)), 0};
    }
    return {};
}

address local_address(int fd) {
    sockaddr_storage a{};
    socklen_t bytes = sizeof a;
    return ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &bytes) == 0 ? to_address(a, bytes) : address();
}
address peer_address(int fd) {
    sockaddr_storage a{};
    socklen_t bytes = sizeof a;
    return ::getpeername(fd, reinterpret_cast<sockaddr*>(&a), &bytes) == 0 ? to_address(a, bytes) : address();
}

}  // namespace weft::inline v0
