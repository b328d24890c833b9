// SPDX-License-Identifier: Apache-2.0
// Datagram sockets on sockets of the program's own.
#include "io/operations.hpp"
#include "net/datagrams.hpp"

#include <gmock/gmock.h>

using namespace weft_test;
using testing::HasSubstr;
using weft::datagram_socket;

namespace {

TEST(a_datagram_socket_adopted, receives_sends_and_keeps_its_name) {
    run([]() -> weft::task<> {
        weft::unique_fd bound = bound_datagram_socket();
        const int number = bound.get();
        auto server = co_await datagram_socket::adopt(std::move(bound), {.max_bytes = 4});
        auto client = co_await datagram_socket::adopt(plain_datagram_socket());
        EXPECT_EQ(server.descriptor(), number);
        EXPECT_NE(::fcntl(number, F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
        EXPECT_EQ(client.local().port, 0);
        co_await error_of(client.send("to whom?"), std::errc::destination_address_required);
        co_await client.send_to("hello", server.local());
        const auto d = co_await server.receive_from();
        EXPECT_EQ(d.bytes, "hell");
        EXPECT_EQ(d.from.port, client.local().port);
        co_await server.send_to("answer", d.from);
        EXPECT_EQ((co_await client.receive_from()).bytes, "answer");
        co_await server.close();
        EXPECT_EQ(::fcntl(number, F_GETFD), -1);
    });
}

TEST(a_datagram_socket_adopted, that_is_connected_has_that_peer) {
    run([]() -> weft::task<> {
        weft::unique_fd bound = bound_datagram_socket(), connected = plain_datagram_socket();
        connect_to_name_of(bound, connected);
        auto server = co_await datagram_socket::adopt(std::move(bound));
        auto client = co_await datagram_socket::adopt(std::move(connected));
        EXPECT_EQ(client.peer(), server.local());
        co_await client.send("hello");
        EXPECT_EQ((co_await server.receive_from()).from, client.local());
    });
}

TEST(a_datagram_socket_adopted, of_a_pair_has_a_peer_without_a_name) {
    run([]() -> weft::task<> {
        datagram_pair pair = make_datagram_pair();
        auto one = co_await datagram_socket::adopt(std::move(pair.one));
        auto other = co_await datagram_socket::adopt(std::move(pair.other));
        EXPECT_EQ(one.peer(), weft::address());
        co_await one.send("hello");
        const auto d = co_await other.receive_from();
        EXPECT_EQ(d.bytes, "hello");
        EXPECT_EQ(d.from, weft::address());
        co_await other.send("answer");
        EXPECT_EQ((co_await one.receive_from()).bytes, "answer");
    });
}

TEST(a_datagram_socket, cannot_adopt_what_has_no_datagrams_and_closes_it) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        for (no_datagram_socket& each : no_datagram_sockets()) {
            try {
                co_await datagram_socket::adopt(std::move(each.fd));
                ADD_FAILURE() << each.why;
            } catch (const std::invalid_argument& e) {
                EXPECT_THAT(e.what(), HasSubstr("datagram_socket::adopt: descriptor "));
                EXPECT_THAT(e.what(), HasSubstr(each.why));
            }
        }
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(a_datagram_socket, cannot_adopt_one_that_is_watched) {
    run([]() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        weft::unique_fd socket = bound_datagram_socket();
        const int fd = socket.get();
        loop.add_reader(fd, [] { ADD_FAILURE(); });
        try {
            co_await datagram_socket::adopt(std::move(socket));
            ADD_FAILURE();
        } catch (const weft::invalid_state_error& e) {
            EXPECT_THAT(e.what(),
                        HasSubstr("datagram_socket::adopt: descriptor " + std::to_string(fd) + " is watched"));
        }
        EXPECT_FALSE(loop.remove_reader(fd));
    });
}

TEST(a_datagram_socket, cannot_adopt_with_options_that_are_for_a_new_one) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        std::vector<weft::datagram_options> refused(7);
        refused[0].max_bytes = 0;
        refused[1].broadcast = true;
        refused[2].reuse_port = true;
        refused[3].reuse_address = true;
        refused[4].receive_buffer_bytes = 10'000;
        refused[5].send_buffer_bytes = 10'000;
        refused[6].local = weft::address{"127.0.0.1", 0};
        for (const weft::datagram_options& options : refused) {
            EXPECT_THROW(co_await datagram_socket::adopt(bound_datagram_socket(), options), std::invalid_argument);
        }
        {
            const auto never_awaited = datagram_socket::adopt(bound_datagram_socket());
        }
        EXPECT_EQ(open_descriptors(), before);
    });
}

}  // namespace
