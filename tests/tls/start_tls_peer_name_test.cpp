// SPDX-License-Identifier: Apache-2.0
// What messages call a peer that has no address.
#include "tls/secured.hpp"

#include <sys/socket.h>

#include <array>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

struct socket_pair {
    socket_pair() {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            throw std::system_error(errno, std::generic_category(), "socketpair");
        }
        one.reset(ends[0]);
        other.reset(ends[1]);
    }
    weft::unique_fd one, other;
};

TEST(start_tls, without_an_address_says_what_the_peer_is) {
    run([]() -> weft::task<> {
        socket_pair ends;
        auto client = make_stream(std::move(ends.one)), server = make_stream(std::move(ends.other));
        co_await server.write("220 no TLS here, only greetings\n");
        const auto why = co_await thrown_by<weft::tls_error>(start_client_side(client, client_context(), "localhost"));
        EXPECT_THAT(why.what(), StartsWith("TLS handshake with a socket without a name: "));
    });
}

TEST(open_connection, without_an_address_says_what_the_silent_peer_is) {
    run([]() -> weft::task<> {
        socket_pair ends;
        weft::connect_options options;
        options.timeout = 1s;
        options.tls = client_context();
        options.server_hostname = "localhost";
        try {
            co_await weft::open_connection(std::move(ends.one), options);
            ADD_FAILURE();
        } catch (const weft::timeout_error& e) {
            EXPECT_THAT(e.what(), HasSubstr("TLS handshake with a socket without a name: timed out"));
        }
    });
}

}  // namespace
