// SPDX-License-Identifier: Apache-2.0
#include "io/socket_address.hpp"

#include <weft/io/address.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <vector>

namespace {

TEST(address, is_spelled_as_a_url_spells_it) {
    EXPECT_EQ((weft::address{"127.0.0.1", 80}.to_string()), "127.0.0.1:80");
    EXPECT_EQ((weft::address{"::1", 80}.to_string()), "[::1]:80");
    EXPECT_EQ((weft::address{"/run/x.sock"}.to_string()), "/run/x.sock");
    EXPECT_EQ((weft::address{"x.sock"}.to_string()), "x.sock");
    EXPECT_EQ((weft::address{"./x:1.sock"}.to_string()), "./x:1.sock");
    EXPECT_EQ((weft::address{"@abstract"}.to_string()), "@abstract");
    EXPECT_EQ((weft::address{"127.0.0.1", 0}.to_string()), "127.0.0.1:0");
    EXPECT_EQ((weft::address{"fe80::1%eth0", 0}.to_string()), "[fe80::1%eth0]:0");
    EXPECT_EQ((weft::address{"example.org", 80}.to_string()), "example.org:80");
    EXPECT_EQ(weft::address().to_string(), "?");
}

TEST(address, compares_by_host_and_port) {
    const weft::address a{"127.0.0.1", 80};
    EXPECT_EQ(a, (weft::address{"127.0.0.1", 80}));
    EXPECT_NE(a, (weft::address{"127.0.0.1", 81}));
    EXPECT_LT(a, (weft::address{"127.0.0.2", 1}));
}

TEST(address, of_a_unix_socket_is_its_path_and_of_an_unnamed_one_empty) {
    sockaddr_storage from{};
    auto& un = reinterpret_cast<sockaddr_un&>(from);
    un.sun_family = AF_UNIX;
    std::strcpy(un.sun_path, "/run/x.sock");
    EXPECT_EQ(weft::to_address(from, sizeof un).host, "/run/x.sock");
    EXPECT_EQ(weft::to_address(from, sizeof un.sun_family), weft::address());
    std::memcpy(un.sun_path, "\0name", 5);
    EXPECT_EQ(weft::to_address(from, sizeof un.sun_family + 5).host, "@name");

    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    EXPECT_EQ(weft::peer_address(ends[0]), weft::address());
    ::close(ends[0]);
    ::close(ends[1]);
    EXPECT_EQ(weft::local_address(-1), weft::address());
}

}  // namespace
