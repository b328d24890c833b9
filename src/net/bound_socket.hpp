// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/socket.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/net/listen_fds.hpp>
#include <weft/net/server.hpp>

#include <sys/types.h>

#include <string>
#include <vector>

namespace weft::inline v0 {

/// The file of a Unix socket, which goes with its server: removed when this is destroyed, if it is still the same file (for
/// another server may have taken the path meanwhile) and this still the process that made it.
class socket_file {
public:
    socket_file() noexcept = default;
    /// Notes which file is at `path` now.
    explicit socket_file(std::string path);
    socket_file(socket_file&& other) noexcept;
    socket_file& operator=(socket_file&&) = delete;
    ~socket_file();

private:
    std::string path_;  // empty: nothing is to be removed
    dev_t device_ = 0;
    ino_t inode_ = 0;
    pid_t owner_ = 0;
};

/// A socket that connections can come to, once it listens.
struct bound_socket {
    unique_fd fd;
    socket_file file = {};
};

/// Binds a socket to each address that `hosts` have, one port for all. An address of a family that the machine has not got
/// is passed over if its host has others.
/// @param hosts  the addresses of each
/// @throws std::system_error naming the address
std::vector<bound_socket> bind_tcp(const std::vector<std::vector<socket_address>>& hosts,
                                   const server_options& options);

/// @throws std::system_error naming the path, std::invalid_argument
bound_socket bind_unix(const std::string& path, const server_options& options);

/// Takes a socket that somebody else has bound. @throws std::invalid_argument  it is no stream socket
bound_socket adopt(listening_socket socket);

}  // namespace weft::inline v0
