// SPDX-License-Identifier: Apache-2.0
#include "net/socket.hpp"

#include "io/socket_address.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace weft::inline v0 {

namespace {

bool parse_ipv4(const std::string& host, std::uint16_t port, socket_address& out) {
    auto& in = reinterpret_cast<sockaddr_in&>(out.storage);
    if (::inet_pton(AF_INET, host.c_str(), &in.sin_addr) != 1) return false;
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    out.bytes = sizeof in;
    return true;
}

bool parse_ipv6(const std::string& host, std::uint16_t port, socket_address& out) {
    auto& in = reinterpret_cast<sockaddr_in6&>(out.storage);
    const auto zone = host.find('%');
    if (::inet_pton(AF_INET6, host.substr(0, zone).c_str(), &in.sin6_addr) != 1) return false;
    if (zone != std::string::npos) {
        const char* const name = host.c_str() + zone + 1;
        const char* const end = host.c_str() + host.size();
        in.sin6_scope_id = ::if_nametoindex(name);
        if (in.sin6_scope_id == 0 && std::from_chars(name, end, in.sin6_scope_id).ptr != end) return false;
        if (in.sin6_scope_id == 0) return false;
    }
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    out.bytes = sizeof in;
    return true;
}

// At the same place in both families.
static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));

}  // namespace

std::uint16_t socket_address::port() const noexcept {
    return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}
void socket_address::set_port(std::uint16_t port) noexcept {
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
}
address socket_address::text() const { return to_address(storage, bytes); }
bool socket_address::operator==(const socket_address& other) const noexcept {
    return bytes == other.bytes && std::memcmp(&storage, &other.storage, bytes) == 0;
}

std::optional<socket_address> numeric_address(const std::string& host, std::uint16_t port) {
    if (host.contains('\0')) return std::nullopt;
    socket_address out;
    if (parse_ipv4(host, port, out)) return out;
    out = {};
    if (parse_ipv6(host, port, out)) return out;
    return std::nullopt;
}

socket_address unix_address(const char* who, const std::string& path) {
    if (path.empty()) throw std::invalid_argument(std::string(who) + ": the path is empty");
    const bool abstract = path.front() == '\0' || path.front() == '@';
    if (!abstract && path.contains('\0'))
        throw std::invalid_argument(std::string(who) + ": there is a NUL byte within the path");
    socket_address out;
    auto& un = reinterpret_cast<sockaddr_un&>(out.storage);
    // An abstract name has its length and no end; a path is to have both, so that everybody can read it.
    const std::size_t most = abstract ? sizeof un.sun_path : sizeof un.sun_path - 1;
    if (path.size() > most) {
        const std::string shown = abstract ? "@" + path.substr(1) : path;
        throw std::system_error(ENAMETOOLONG, std::generic_category(),
                                std::string(who) + ": " + shown + " has " + std::to_string(path.size()) + " bytes of " +
                                    std::to_string(most) + " that a Unix socket's name can have");
    }
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, path.data(), path.size());
    if (abstract) un.sun_path[0] = '\0';
    out.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
    return out;
}

bool is_abstract(const socket_address& unix_socket) noexcept {
    return reinterpret_cast<const sockaddr_un&>(unix_socket.storage).sun_path[0] == '\0';
}

unique_fd make_stream_socket(int family) {
    unique_fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) throw std::system_error(errno, std::generic_category(), "socket");
    return fd;
}

unique_fd make_datagram_socket(int family, const char* who) {
    unique_fd fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) throw std::system_error(errno, std::generic_category(), std::string(who) + ": socket");
    return fd;
}

void bind_to(native_handle fd, const socket_address& at) {
    if (::bind(fd, at.get(), at.bytes) != 0)
        throw std::system_error(errno, std::generic_category(), "bind " + at.text().to_string());
}

void remove_socket_file(const std::string& path) noexcept {
    struct stat s{};
    if (::stat(path.c_str(), &s) == 0 && S_ISSOCK(s.st_mode)) ::unlink(path.c_str());
}

void set_option(int fd, int level, int option, int value, const char* what) {
    if (::setsockopt(fd, level, option, &value, sizeof value) != 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

int get_option(int fd, int level, int option, const char* what) {
    int value = 0;
    socklen_t bytes = sizeof value;
    if (::getsockopt(fd, level, option, &value, &bytes) != 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return value;
}

namespace {

int type_of(int fd, const std::string& what) {
    int type = 0;
    socklen_t bytes = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) != 0)
        throw std::invalid_argument(what + " is no socket: " + std::generic_category().message(errno));
    return type;
}

void set_flags_of_ours(int fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

}  // namespace

void make_ours(int fd, const std::string& what) {
    if (type_of(fd, what) != SOCK_STREAM) throw std::invalid_argument(what + " is no stream socket");
    set_flags_of_ours(fd);
}

void make_ours_for_datagrams(int fd, const std::string& what) {
    const int type = type_of(fd, what);
    if (type != SOCK_DGRAM && type != SOCK_RAW) throw std::invalid_argument(what + " is no datagram socket");
    set_flags_of_ours(fd);
}

}  // namespace weft::inline v0
