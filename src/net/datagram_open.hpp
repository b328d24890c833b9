// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/datagram_core.hpp"
#include "net/socket.hpp"

#include <weft/net/datagram_socket.hpp>

#include <memory>

namespace weft::inline v0 {

/// A socket of the running loop, bound to `local` and connected to `peer`; either may be null, but not both.
/// @throws std::system_error, std::invalid_argument
std::unique_ptr<datagram_core> open_datagram_socket(const socket_address* local, const socket_address* peer,
                                                    const datagram_options& options);

/// A socket of somebody else's as one of the running loop. @throws as above; invalid_state_error  it is watched
std::unique_ptr<datagram_core> open_datagram_socket(unique_fd socket, const datagram_options& options);

}  // namespace weft::inline v0
