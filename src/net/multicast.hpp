// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

// What a socket is told about groups. `interface`: its name, or one of its IPv4 addresses; empty for the system's choice.

namespace weft::inline v0 {

/// @param who  for the message  @throws std::system_error, std::invalid_argument
void change_membership(int fd, bool joins, const char* who, const std::string& group, const std::string& interface);
void set_multicast_interface(int fd, const std::string& interface);
void set_multicast_ttl(int fd, int hops);
void set_multicast_loopback(int fd, bool on);

}  // namespace weft::inline v0
