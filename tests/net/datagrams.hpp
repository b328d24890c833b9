// SPDX-License-Identifier: Apache-2.0
// What the tests of datagram sockets have in common.
#pragma once

#include "io/connected.hpp"

#include <weft/net/datagram_socket.hpp>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace weft_test {

inline weft::task<weft::datagram_socket> on_loopback(weft::datagram_options options = {}) {
    return weft::datagram_socket::bind("127.0.0.1", 0, options);
}

/// A plain socket, blocking and not bound; and one that is bound to a port of loopback.
inline weft::unique_fd plain_datagram_socket(int family = AF_INET) {
    return weft::unique_fd(::socket(family, SOCK_DGRAM, 0));
}
inline weft::unique_fd bound_datagram_socket() {
    weft::unique_fd fd = plain_datagram_socket();
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
        throw std::system_error(errno, std::generic_category(), "bound_datagram_socket");
    return fd;
}
inline void connect_to_name_of(const weft::unique_fd& other, const weft::unique_fd& fd) {
    sockaddr_storage to{};
    socklen_t bytes = sizeof to;
    if (::getsockname(other.get(), reinterpret_cast<sockaddr*>(&to), &bytes) != 0 ||
        ::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), bytes) != 0) {
        throw std::system_error(errno, std::generic_category(), "connect_to_name_of");
    }
}
/// Two that are connected to each other, and have no names.
struct datagram_pair {
    weft::unique_fd one, other;
};
inline datagram_pair make_datagram_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0)
        throw std::system_error(errno, std::generic_category(), "make_datagram_pair");
    return {weft::unique_fd(ends[0]), weft::unique_fd(ends[1])};
}

/// Descriptors that are no datagram socket's, and what is said of each.
struct no_datagram_socket {
    weft::unique_fd fd;
    const char* why;
};
inline std::vector<no_datagram_socket> no_datagram_sockets() {
    std::vector<no_datagram_socket> all;
    all.push_back({weft::unique_fd(::socket(AF_INET, SOCK_STREAM, 0)), "is no datagram socket"});
    std::uint16_t port = 0;
    all.push_back({listen_on_loopback(port), "is no datagram socket"});
    all.push_back({weft::unique_fd(::socket(AF_UNIX, SOCK_SEQPACKET, 0)), "is no datagram socket"});
    all.push_back({weft::unique_fd(::dup(0)), "is no socket: "});
    all.push_back({weft::unique_fd(), "descriptor -1 is no socket: "});
    return all;
}

/// The message of the system_error with `code` that awaiting `a` throws.
template <class Awaitable>
weft::task<std::string> error_of(Awaitable&& a, std::errc code) {
    try {
        co_await std::move(a);
        ADD_FAILURE() << "no error";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), code) << e.what();
        co_return e.what();
    }
    co_return "";
}

}  // namespace weft_test
