// SPDX-License-Identifier: Apache-2.0
#include "net/bound_socket.hpp"

#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

unique_fd make_socket(const socket_address& at) {
    try {
        return make_stream_socket(at.family());
    } catch (const std::system_error& e) {
        throw std::system_error(e.code(), "socket for " + at.text().to_string());
    }
}

unique_fd bind_one(const socket_address& at, const server_options& options) {
    unique_fd fd = make_socket(at);
    const auto set = [&](int level, int option, const char* name) {
        if (const int on = 1; ::setsockopt(fd.get(), level, option, &on, sizeof on) != 0)
            throw std::system_error(errno, std::generic_category(), name + (" for " + at.text().to_string()));
    };
    if (options.reuse_address) set(SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR");
    if (options.reuse_port) set(SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT");
    if (at.family() == AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY");
    bind_to(fd.get(), at);
    return fd;
}

std::uint16_t port_of(const unique_fd& fd) {
    socket_address a;
    a.bytes = sizeof a.storage;
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&a.storage), &a.bytes) != 0)
        throw std::system_error(errno, std::generic_category(), "getsockname");
    return a.port();
}

/// A machine without IPv6, or without an address of it.
bool family_is_missing(const std::system_error& e) {
    return e.code() == std::errc::address_family_not_supported || e.code() == std::errc::address_not_available;
}

/// @param port  the one that the kernel chose; 0: none yet
void bind_host(const std::vector<socket_address>& addresses, const server_options& options, std::uint16_t& port,
               std::vector<socket_address>& done, std::vector<bound_socket>& out) {
    const bool has_several = addresses.size() > 1;
    bool any = false;
    std::exception_ptr missing;
    for (socket_address at : addresses) {
        if (at.port() == 0) at.set_port(port);
        if (std::find(done.begin(), done.end(), at) != done.end()) {
            any = true;
            continue;
        }
        try {
            out.push_back({.fd = bind_one(at, options)});
        } catch (const std::system_error& e) {
            if (!has_several || !family_is_missing(e)) throw;
            missing = std::current_exception();
            continue;
        }
        any = true;
        if (at.port() == 0) at.set_port(port = port_of(out.back().fd));
        done.push_back(at);
    }
    if (!any) std::rethrow_exception(missing);
}

}  // namespace

std::vector<bound_socket> bind_tcp(const std::vector<std::vector<socket_address>>& hosts,
                                   const server_options& options) {
    const bool kernel_chooses = hosts.front().front().port() == 0;
    // The port that the kernel chose for one address may be taken at another: then it is asked for a new one.
    for (int attempts_left = 16;; --attempts_left) {
        std::vector<bound_socket> out;
        std::vector<socket_address> done;
        std::uint16_t port = 0;
        try {
            for (const auto& addresses : hosts) bind_host(addresses, options, port, done, out);
            return out;
        } catch (const std::system_error& e) {
            if (!kernel_chooses || out.empty() || e.code() != std::errc::address_in_use || attempts_left == 0) throw;
        }
    }
}

bound_socket bind_unix(const std::string& path, const server_options& options) {
    const socket_address at = unix_address("start_unix_server", path);
    unique_fd fd = make_socket(at);
    if (!is_abstract(at)) remove_socket_file(path);
    bind_to(fd.get(), at);
    const bool cleanup = options.cleanup_socket && !is_abstract(at);
    return {.fd = std::move(fd), .file = cleanup ? socket_file(path) : socket_file()};
}

bound_socket adopt(listening_socket socket) {
    const int fd = socket.fd.get();
    const std::string which =
        "start_server_on: descriptor " + std::to_string(fd) + (socket.name.empty() ? "" : " (" + socket.name + ")");
    make_ours(fd, which);
    return {.fd = std::move(socket.fd)};
}

// The file

socket_file::socket_file(std::string path) : owner_(::getpid()) {
    struct stat s{};
    if (::stat(path.c_str(), &s) != 0) return;
    device_ = s.st_dev;
    inode_ = s.st_ino;
    path_ = std::move(path);
}

socket_file::socket_file(socket_file&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_), owner_(other.owner_) {}

socket_file::~socket_file() {
    if (path_.empty() || owner_ != ::getpid()) return;
    struct stat s{};
    if (::stat(path_.c_str(), &s) == 0 && s.st_dev == device_ && s.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace weft::inline v0
