// SPDX-License-Identifier: Apache-2.0
#include "net/datagram_address.hpp"

#include "io/socket_address.hpp"

#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

socket_address ip_datagram_address(const char* who, const std::string& host, std::uint16_t port) {
    return numeric_address(who, host, port);
}

socket_address unix_datagram_address(const char* who, const std::string& path) {
    socket_address out;
    auto& un = reinterpret_cast<sockaddr_un&>(out.storage);
    if (path.empty()) throw std::invalid_argument(std::string(who) + ": the path is empty");
    // A path ends with a NUL, which needs a place as well; the first byte of an abstract one is a NUL in place of the '@'.
    if (path.size() >= sizeof un.sun_path)
        throw std::invalid_argument(std::string(who) + ": \"" + path +
                                    "\" is longer than a Unix socket's path can be (" +
                                    std::to_string(sizeof un.sun_path - 1) + " bytes)");
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, path.data(), path.size());
    const bool is_abstract = path.front() == '@';
    if (is_abstract) un.sun_path[0] = '\0';
    out.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));
    return out;
}

socket_address datagram_address(const char* who, const address& a) {
    const bool is_path = a.host.starts_with('/') || a.host.starts_with('@') || a.host.starts_with('.');
    return is_path ? unix_datagram_address(who, a.host) : ip_datagram_address(who, a.host, a.port);
}

void connect_datagram_socket(int fd, const socket_address& to) {
    while (::connect(fd, to.get(), to.bytes) != 0) {
        if (errno == EINTR) continue;
        throw std::system_error(errno, std::generic_category(),
                                "connect to " + to_address(to.storage, to.bytes).to_string());
    }
}

}  // namespace weft::inline v0
