// SPDX-License-Identifier: Apache-2.0
#include "net/datagram_open.hpp"

#include "net/datagram_address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

void check(const datagram_options& options) {
    if (options.max_bytes == 0) throw std::invalid_argument("datagram_options: max_bytes is 0");
}

bool change_the_socket(const datagram_options& o) {
    return o.broadcast || o.reuse_port || o.reuse_address || o.receive_buffer_bytes || o.send_buffer_bytes || o.local;
}

unique_fd make_socket(int family, const datagram_options& options) {
    check(options);
    unique_fd fd = make_datagram_socket(family, "datagram socket");
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

bool is_path(const socket_address& a) { return a.family() == AF_UNIX && !is_abstract(a); }

/// The file of a Unix socket is there, and nobody has the socket any more. Of a file that is no socket connect(2) says just
/// the same.
bool is_stale(const socket_address& at, const std::string& path) {
    struct stat s{};
    if (::lstat(path.c_str(), &s) != 0 || !S_ISSOCK(s.st_mode)) return false;
    const unique_fd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return probe && ::connect(probe.get(), at.get(), at.bytes) != 0 && errno == ECONNREFUSED;
}

void bind_socket(native_handle fd, const socket_address& at) {
    try {
        return bind_to(fd, at);
    } catch (const std::system_error& e) {
        if (e.code() != std::errc::address_in_use || !is_path(at)) throw;
        const std::string path = at.text().host;
        if (!is_stale(at, path)) throw;
        ::unlink(path.c_str());
    }
    bind_to(fd, at);
}

}  // namespace

std::unique_ptr<datagram_core> open_datagram_socket(const socket_address* local, const socket_address* peer,
                                                    const datagram_options& options) {
    unique_fd fd = make_socket((local ? local : peer)->storage.ss_family, options);
    const int socket = fd.get();
    auto core = std::make_unique<datagram_core>(get_running_loop(), std::move(fd), options.max_bytes);
    if (local) bind_socket(socket, *local);
    if (local && is_path(*local)) core->owns_file(local->text().host);
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
