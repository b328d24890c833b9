// SPDX-License-Identifier: Apache-2.0
// Where a server listens: names, lists of hosts, both families, and sockets that somebody else has bound.
#include "io/operations.hpp"
#include "net/name_server.hpp"

using namespace weft_test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

weft::task<bool> answers(std::string host, std::uint16_t port) {
    auto s = co_await weft::open_connection(host, port);
    co_await s.write("hello\n");
    co_return (co_await s.read_line()) == "hello";
}

std::vector<std::string> hosts_of(const weft::server& server) {
    std::vector<std::string> all;
    for (const auto& a : server.addresses()) {
        EXPECT_EQ(a.port, server.port());
        all.push_back(a.host);
    }
    return all;
}

TEST(server_hosts, a_name_stands_for_all_its_addresses) {
    const name_server names({{"here.test", {"::1", "127.0.0.1", "127.0.0.2"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        auto server = co_await weft::start_server(echo, "here.test", 0);
        EXPECT_THAT(hosts_of(server), ElementsAre("::1", "127.0.0.1", "127.0.0.2"));
        for (const char* host : {"::1", "127.0.0.1", "127.0.0.2", "here.test"}) {
            EXPECT_TRUE(co_await answers(host, server.port())) << host;
        }
        auto one = co_await weft::start_server(echo, "here.test", 0, {.family = weft::address_family::ipv6});
        EXPECT_THAT(hosts_of(one), ElementsAre("::1"));
    });
}

TEST(server_hosts, a_list_is_listened_on_whole_each_address_once_on_one_port) {
    const name_server names({{"here.test", {"127.0.0.1", "127.0.0.3"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        auto server = co_await weft::start_server(echo, {"127.0.0.1", "::1", "localhost", "here.test", "0:0::1"}, 0);
        EXPECT_THAT(hosts_of(server), ElementsAre("127.0.0.1", "::1", "127.0.0.3"));
        EXPECT_TRUE(co_await answers("::1", server.port()));
        EXPECT_TRUE(co_await answers("127.0.0.3", server.port()));
        const std::vector<std::string> hosts{"127.0.0.2", "127.0.0.4"};
        auto other = co_await weft::start_server(echo, hosts, server.port());
        EXPECT_EQ(other.port(), server.port());
        auto everywhere = co_await weft::start_server(echo, {}, 0);
        EXPECT_THAT(hosts_of(everywhere), ElementsAre("0.0.0.0", "::"));
        EXPECT_THROW(co_await weft::start_server(echo, std::vector<std::string>(), 0), std::invalid_argument);
    });
}

TEST(server_hosts, localhost_is_both_addresses_of_the_machine_itself_on_one_port) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "localhost", 0);
        EXPECT_THAT(hosts_of(server), ElementsAre("127.0.0.1", "::1"));
        for (const char* host : {"127.0.0.1", "::1", "localhost"}) {
            EXPECT_TRUE(co_await answers(host, server.port())) << host;
        }
        auto one = co_await weft::start_server(echo, "localhost", 0, {.family = weft::address_family::ipv4});
        EXPECT_THAT(hosts_of(one), ElementsAre("127.0.0.1"));
    });
}

TEST(server_hosts, localhost_reaches_who_listens_on_one_of_its_addresses) {
    run([]() -> weft::task<> {
        for (const char* host : {"127.0.0.1", "::1"}) {
            auto server = co_await weft::start_server(echo, host, 0);
            EXPECT_TRUE(co_await answers("localhost", server.port())) << host;
        }
    });
}

TEST(server_hosts, localhost_where_nobody_listens_says_so_of_both) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "localhost", 0);
        const auto port = server.port();
        server.close();
        co_await server.wait_closed();
        try {
            co_await weft::open_connection("localhost", port);
            ADD_FAILURE();
        } catch (const weft::connect_error& e) {
            EXPECT_EQ(e.code(), std::errc::connection_refused);
            EXPECT_EQ(e.failures().size(), 2u);
        }
    });
}

TEST(server_hosts, one_that_cannot_be_had_refuses_them_all) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        // Addresses at which no other test has taken the port.
        auto taken = co_await weft::start_server(echo, "127.0.0.78", 0);
        try {
            co_await weft::start_server(echo, {"127.0.0.77", "127.0.0.78"}, taken.port());
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_in_use);
            EXPECT_THAT(e.what(), HasSubstr("127.0.0.78:" + std::to_string(taken.port())));
        }
        EXPECT_THROW(co_await weft::start_server(echo, {"127.0.0.1", "198.51.100.1"}, 0), std::system_error);
        taken.close();
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(server_hosts, an_address_that_the_machine_has_not_got_is_passed_over_if_the_name_has_others) {
    const name_server names(
        {{"here.test", {"2001:db8::1", "127.0.0.1"}}, {"away.test", {"2001:db8::1", "198.51.100.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        auto server = co_await weft::start_server(echo, "here.test", 0);
        EXPECT_THAT(hosts_of(server), ElementsAre("127.0.0.1"));
        try {
            co_await weft::start_server(echo, "away.test", 0);
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_not_available);
        }
    });
}

TEST(server_hosts, cancelled_while_a_name_is_looked_up) {
    const name_server names({{"slow.test", {"127.0.0.1"}}});
    run([&names]() -> weft::task<> {
        names.serve();
        names.keep_silent();
        const auto before = open_descriptors();
        auto starting = weft::create_task(weft::start_server(echo, {"127.0.0.1", "slow.test"}, 0));
        co_await weft::yield_now();
        co_await weft::yield_now();
        starting.cancel();
        EXPECT_THROW(co_await std::move(starting), weft::cancelled_error);
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(server_hosts, destroyed_while_a_name_is_looked_up) {
    const name_server names({{"slow.test", {"127.0.0.1"}}});
    names.keep_silent();
    destroy_while_waiting([&names]() -> weft::task<> {
        names.serve();
        co_await weft::start_server(echo, {"127.0.0.1", "slow.test"}, 0);
    });
    names.answer();
}

TEST(server_hosts, without_reuse_address_a_port_that_has_just_been_used_is_taken) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const auto port = server.port();
        auto client = co_await weft::open_connection("127.0.0.1", port);
        co_await client.write("hello\n");
        co_await client.read_line();
        server.cancel_connections();  // our end is closed first: it stays in TIME_WAIT
        server.close();
        co_await server.wait_closed();
        co_await client.read_all();
        co_await client.close();
        EXPECT_THROW(co_await weft::start_server(echo, "127.0.0.1", port, {.reuse_address = false}), std::system_error);
        auto again = co_await weft::start_server(echo, "127.0.0.1", port);
        EXPECT_TRUE(co_await answers("127.0.0.1", port));
    });
}

TEST(start_server_on, serves_on_sockets_that_are_bound_already) {
    run([]() -> weft::task<> {
        std::uint16_t port = 0;
        auto server = co_await weft::start_server_on(echo, listen_on_loopback(port));
        EXPECT_EQ(server.port(), port);
        EXPECT_TRUE(co_await answers("127.0.0.1", port));

        weft::unique_fd bound(::socket(AF_INET, SOCK_STREAM, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(bound.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        const int number = bound.get();
        std::vector<weft::listening_socket> sockets;
        sockets.push_back({std::move(bound), "http"});
        sockets.push_back({listen_on_loopback(port), "admin"});
        auto other = co_await weft::start_server_on(echo, std::move(sockets), {.backlog = 5, .max_connections = 3});
        EXPECT_EQ(other.addresses().size(), 2u);
        EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
        EXPECT_TRUE(co_await answers("127.0.0.1", other.port()));
        EXPECT_TRUE(co_await answers("127.0.0.1", port));
    });
}

TEST(start_server_on, refuses_what_is_no_stream_socket) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        try {
            co_await weft::start_server_on(echo, weft::unique_fd(::socket(AF_INET, SOCK_DGRAM, 0)));
            ADD_FAILURE();
        } catch (const std::invalid_argument& e) {
            EXPECT_THAT(e.what(), HasSubstr("is no stream socket"));
        }
        EXPECT_THROW(co_await weft::start_server_on(echo, weft::unique_fd(::dup(0))), std::invalid_argument);
        EXPECT_THROW(co_await weft::start_server_on(echo, weft::unique_fd()), std::invalid_argument);
        EXPECT_THROW(co_await weft::start_server_on(echo, std::vector<weft::listening_socket>()),
                     std::invalid_argument);
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(start_server_on, refuses_a_socket_that_is_watched) {
    run([]() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        std::uint16_t port = 0;
        weft::unique_fd socket = listen_on_loopback(port);
        const int fd = socket.get();
        loop.add_reader(fd, [] { ADD_FAILURE(); });
        co_await weft::yield_now();
        try {
            co_await weft::start_server_on(echo, std::move(socket));
            ADD_FAILURE();
        } catch (const weft::invalid_state_error& e) {
            EXPECT_THAT(e.what(), HasSubstr("start_server_on: descriptor " + std::to_string(fd) + " is watched"));
        }
        EXPECT_FALSE(loop.remove_reader(fd));
    });
}

}  // namespace
