// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/io/address.hpp>

#include <sys/socket.h>

namespace weft::inline v0 {

/// A socket address of the system's as text and port.
address to_address(const sockaddr_storage& from, socklen_t bytes);

/// Empty if the socket has none (any more).
address local_address(int fd);
address peer_address(int fd);

}  // namespace weft::inline v0
