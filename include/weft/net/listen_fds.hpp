// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <string>
#include <vector>

namespace weft::inline v0 {

/// A socket that was bound by somebody else.
struct listening_socket {
    unique_fd fd;
    std::string name = {};  ///< as its giver calls it: FileDescriptorName= of a systemd unit
};

/// Takes over the sockets that systemd, or whoever speaks as it does, gave to this process (LISTEN_PID, LISTEN_FDS,
/// LISTEN_FDNAMES): descriptors 3 and up. They are made close-on-exec and non-blocking, and the variables are removed,
/// so that neither a child nor a second call takes them again. For start_server_on().
///
/// To be called early: changing the environment is not safe while another thread looks at it.
/// @return in the giver's order; empty if nothing was given, or it was meant for another process
/// @throws std::invalid_argument  the variables make no sense; std::system_error  a descriptor is not open. Then nothing
///         is taken
/// @see sd_listen_fds(3)
std::vector<listening_socket> listen_fds();

}  // namespace weft::inline v0
