// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/socket.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/io/address.hpp>
#include <weft/loop/event_loop.hpp>

#include <cstdint>
#include <string>

namespace weft::inline v0 {

/// Where datagrams go: an IP address and port, or a Unix socket's path, which begins with '/', '.' or, if it is abstract,
/// with '@'.
/// @param who  for the message  @throws std::invalid_argument
socket_address datagram_address(const char* who, const address& a);
/// The same for a socket of a family that is known: a Unix socket's may be any path.
socket_address datagram_address(const char* who, const address& a, int family);
/// @throws std::invalid_argument  the host is neither an IPv4 nor an IPv6 address nor "localhost"
socket_address ip_address(const char* who, const std::string& host, std::uint16_t port);

/// @throws std::system_error
void connect_datagram_socket(int fd, const socket_address& to);

/// Perhaps to somebody without a name, as the sockets of a socketpair(2) are.
bool is_connected(int fd) noexcept;

/// Makes somebody else's socket as ours are. @param who  for the message
/// @throws std::invalid_argument  it is no socket for datagrams; invalid_state_error  add_reader() or add_writer() watches it
void adopt_datagram_socket(const unique_fd& socket, event_loop& loop, const char* who);

}  // namespace weft::inline v0
