// SPDX-License-Identifier: Apache-2.0
#include "net/multicast.hpp"

#include "net/datagram_address.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

namespace {

[[noreturn]] void throw_error(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int interface_index(const char* who, const std::string& name) {
    if (const unsigned index = ::if_nametoindex(name.c_str())) return static_cast<int>(index);
    throw_error(std::string(who) + ": interface \"" + name + "\"");
}

/// An interface by one of its IPv4 addresses, or by name.
ip_mreqn ipv4_interface(const char* who, const std::string& interface) {
    ip_mreqn out{};
    if (interface.empty()) return out;
    if (interface.find_first_not_of("0123456789.") == std::string::npos) {
        const socket_address a = ip_address(who, interface, 0);
        out.imr_address = reinterpret_cast<const sockaddr_in&>(a.storage).sin_addr;
    } else {
        out.imr_ifindex = interface_index(who, interface);
    }
    return out;
}

bool is_ipv6(int fd) {
    int family = 0;
    socklen_t size = sizeof family;
    return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && family == AF_INET6;
}

}  // namespace

void change_membership(int fd, bool joins, const char* who, const std::string& group, const std::string& interface) {
    const socket_address at = ip_address(who, group, 0);
    int result = 0;
    if (at.storage.ss_family == AF_INET) {
        ip_mreqn request = ipv4_interface(who, interface);
        request.imr_multiaddr = reinterpret_cast<const sockaddr_in&>(at.storage).sin_addr;
        result = ::setsockopt(fd, IPPROTO_IP, joins ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &request, sizeof request);
    } else {
        ipv6_mreq request{};
        request.ipv6mr_multiaddr = reinterpret_cast<const sockaddr_in6&>(at.storage).sin6_addr;
        if (!interface.empty()) request.ipv6mr_interface = static_cast<unsigned>(interface_index(who, interface));
        result = ::setsockopt(fd, IPPROTO_IPV6, joins ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &request, sizeof request);
    }
    if (result != 0) throw_error(std::string(who) + " " + group);
}

void set_multicast_interface(int fd, const std::string& interface) {
    constexpr const char* who = "set_multicast_interface";
    if (is_ipv6(fd)) {
        const int index = interface.empty() ? 0 : interface_index(who, interface);
        return set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index, who);
    }
    const ip_mreqn request = ipv4_interface(who, interface);
    if (::setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) != 0) throw_error(who);
}

void set_multicast_ttl(int fd, int hops) {
    constexpr const char* who = "set_multicast_ttl";
    if (hops < 0 || hops > 255) throw std::invalid_argument("set_multicast_ttl: not within 0 and 255");
    if (is_ipv6(fd)) return set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops, who);
    set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, hops, who);
}

void set_multicast_loopback(int fd, bool on) {
    constexpr const char* who = "set_multicast_loopback";
    if (is_ipv6(fd)) return set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, on, who);
    set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, on, who);
}

}  // namespace weft::inline v0
