// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft::inline v0 {

/// An address of the system's with its length.
struct socket_address {
    sockaddr_storage storage{};
    socklen_t bytes = 0;
    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
    void set_port(std::uint16_t port) noexcept;
};

/// The address that `host` spells: IPv4, IPv6 (with %zone) or "localhost", which by RFC 6761 needs no resolver.
/// @param who  for the message  @throws std::invalid_argument
socket_address numeric_address(const char* who, const std::string& host, std::uint16_t port);

/// As above, empty meaning any address of the machine: IPv4, then IPv6.
std::vector<socket_address> listening_addresses(const std::string& host, std::uint16_t port);

/// @throws std::system_error
unique_fd make_tcp_socket(int family);
void set_option(int fd, int level, int option, int value, const char* what);

}  // namespace weft::inline v0
