// SPDX-License-Identifier: Apache-2.0
#include "net/datagram_open.hpp"

#include "io/socket_address.hpp"
#include "net/datagram_address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

[[noreturn]] void throw_error(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void check(const datagram_options& options) {
    if (options.max_bytes == 0) throw std::invalid_argument("datagram_options: max_bytes is 0");
}

bool change_the_socket(const datagram_options& o) {
    return o.broadcast || o.reuse_port || o.reuse_address || o.receive_buffer_bytes || o.send_buffer_bytes || o.local;
}

unique_fd make_socket(int family, const datagram_options& options) {
    check(options);
    unique_fd fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) throw_error("datagram socket");
    const auto set = [&](int level, int option, int value, const char* what) {
        set_option(fd.get(), level, option, value, what);
    };
    if (family == AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY, 1, "datagram socket: IPV6_V6ONLY");  // "::" is IPv6 alone
    // Else it would receive what is sent to any group that any socket of the machine has joined.
    if (family == AF_INET) set(IPPROTO_IP, IP_MULTICAST_ALL, 0, "datagram socket: IP_MULTICAST_ALL");
    if (family == AF_INET6) set(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, "datagram socket: IPV6_MULTICAST_ALL");
    if (options.broadcast) set(SOL_SOCKET, SO_BROADCAST, 1, "datagram socket: SO_BROADCAST");
    if (options.reuse_port) set(SOL_SOCKET, SO_REUSEPORT, 1, "datagram socket: SO_REUSEPORT");
    if (options.reuse_address) set(SOL_SOCKET, SO_REUSEADDR, 1, "datagram socket: SO_REUSEADDR");
    if (options.receive_buffer_bytes)
        set(SOL_SOCKET, SO_RCVBUF, *options.receive_buffer_bytes, "datagram socket: SO_RCVBUF");
    if (options.send_buffer_bytes) set(SOL_SOCKET, SO_SNDBUF, *options.send_buffer_bytes, "datagram socket: SO_SNDBUF");
    return fd;
}

/// Nobody has the Unix socket at `at` any more: only its file is left.
bool is_stale(const socket_address& at) {
    const unique_fd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return probe && ::connect(probe.get(), at.get(), at.bytes) != 0 && errno == ECONNREFUSED;
}

bool is_path(const socket_address& a) {
    return a.storage.ss_family == AF_UNIX && reinterpret_cast<const sockaddr*>(&a.storage)->sa_data[0] != '\0';
}

void bind_socket(int fd, const socket_address& at) {
    if (::bind(fd, at.get(), at.bytes) == 0) return;
    const address text = to_address(at.storage, at.bytes);
    if (errno == EADDRINUSE && is_path(at) && is_stale(at)) {
        ::unlink(text.host.c_str());
        if (::bind(fd, at.get(), at.bytes) == 0) return;
    }
    throw_error("bind " + text.to_string());
}

}  // namespace

std::unique_ptr<datagram_core> open_datagram_socket(const socket_address* local, const socket_address* peer,
                                                    const datagram_options& options) {
    unique_fd fd = make_socket((local ? local : peer)->storage.ss_family, options);
    const int socket = fd.get();
    auto core = std::make_unique<datagram_core>(get_running_loop(), std::move(fd), options.max_bytes);
    if (local) bind_socket(socket, *local);
    if (local && is_path(*local)) core->owns_file(to_address(local->storage, local->bytes).host);
    if (peer) connect_datagram_socket(socket, *peer);
    return core;
}

std::unique_ptr<datagram_core> open_datagram_socket(unique_fd socket, const datagram_options& options) {
    check(options);
    if (change_the_socket(options))
        throw std::invalid_argument(
            "datagram_socket::adopt: of the options only max_bytes goes with a socket that is there");
    event_loop& loop = get_running_loop();
    adopt_datagram_socket(socket, loop, "datagram_socket::adopt");
    return std::make_unique<datagram_core>(loop, std::move(socket), options.max_bytes);
}

}  // namespace weft::inline v0
