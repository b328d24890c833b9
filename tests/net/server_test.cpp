// SPDX-License-Identifier: Apache-2.0
#include "io/operations.hpp"
#include "net/name_server.hpp"

#include <array>
#include <map>

using namespace weft_test;
using testing::HasSubstr;

namespace {

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

weft::task<weft::stream> connect_to(const weft::server& server) {
    return weft::open_connection("127.0.0.1", server.port());
}

/// Sends a line to a server that echoes, and gives what comes back.
weft::task<std::string> ask(weft::stream& s, std::string line) {
    co_await s.write(line + "\n");
    auto reply = co_await s.read_line();
    co_return reply.value_or("nothing");
}

TEST(server, port_0_is_the_kernels_choice_and_can_be_asked_for) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        EXPECT_NE(server.port(), 0);
        EXPECT_EQ(server.addresses(), (std::vector{weft::address{"127.0.0.1", server.port()}}));
        EXPECT_TRUE(server.is_serving());
        server.close();
        EXPECT_FALSE(server.is_serving());
        EXPECT_TRUE(server.addresses().empty());
        EXPECT_THROW(static_cast<void>(server.port()), weft::invalid_state_error);
    });
}

TEST(server, whose_sockets_are_not_for_add_reader_goes_on_serving) {
    run([]() -> weft::task<> {
        weft::event_loop& loop = weft::get_running_loop();
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const int fd = server.sockets().front();
        EXPECT_THROW(loop.add_reader(fd, [] {}), weft::invalid_state_error);
        EXPECT_THROW(loop.add_writer(fd, [] {}), weft::invalid_state_error);
        auto client = co_await connect_to(server);
        EXPECT_EQ(co_await ask(client, "x"), "x");
        server.close();
        EXPECT_THROW(loop.add_reader(fd, [] {}), std::system_error);  // closed
    });
}

TEST(server, serves_several_connections_at_once_and_counts_them) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "localhost", 0);
        std::vector<weft::stream> clients;
        for (std::size_t i = 0; i < 50; ++i) {
            clients.push_back(co_await connect_to(server));
            EXPECT_EQ(co_await ask(clients.back(), std::to_string(i)), std::to_string(i));
            EXPECT_EQ(server.connections(), i + 1);
        }
        for (auto& c : clients) EXPECT_EQ(co_await ask(c, "again"), "again");
        clients.clear();
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
    });
}

TEST(server, keeps_its_handler_and_what_it_captured_until_the_last_connection_has_ended) {
    run([]() -> weft::task<> {
        auto captured = std::make_shared<std::string>("captured ");
        const std::weak_ptr<std::string> alive = captured;
        auto server = std::make_unique<weft::server>(co_await weft::start_server(
            [greeting = std::move(captured)](weft::stream s) -> weft::task<> {
                while (auto line = co_await s.read_line()) co_await s.write(*greeting + *line + "\n");
            },
            "127.0.0.1", 0));
        auto client = co_await connect_to(*server);
        co_await settle();
        server.reset();
        EXPECT_EQ(co_await ask(client, "x"), "captured x");
        EXPECT_FALSE(alive.expired());
        co_await client.close();
        co_await settle();
        EXPECT_TRUE(alive.expired());
    });
}

TEST(server, a_handler_that_throws_is_reported_and_ends_its_connection_only) {
    run([]() -> weft::task<> {
        std::vector<weft::error_context> reported;
        weft::get_running_loop().set_exception_handler(
            [&](weft::event_loop&, const weft::error_context& e) { reported.push_back(e); });
        const auto fragile = [](weft::stream s) -> weft::task<> {
            while (auto line = co_await s.read_line()) {
                if (*line == "break") throw std::runtime_error("broken");
                co_await s.write(*line + "\n");
            }
        };
        auto server = co_await weft::start_server(fragile, "127.0.0.1", 0);
        auto one = co_await connect_to(server);
        auto two = co_await connect_to(server);
        EXPECT_EQ(co_await ask(two, "well"), "well");
        EXPECT_EQ(co_await ask(one, "break"), "nothing");
        EXPECT_EQ(co_await ask(two, "still well"), "still well");
        EXPECT_EQ(reported.size(), 1u);
        EXPECT_EQ(reported.at(0).message, "Unhandled exception in a connection handler");
        EXPECT_THROW(std::rethrow_exception(reported.at(0).exception), std::runtime_error);
        EXPECT_EQ(server.connections(), 1u);
    });
}

TEST(server, closed_it_refuses_new_connections_and_serves_those_it_has) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const auto port = server.port();
        auto client = co_await connect_to(server);
        EXPECT_EQ(co_await ask(client, "before"), "before");
        server.close();
        server.close();
        EXPECT_EQ(co_await ask(client, "after"), "after");
        EXPECT_THROW(co_await weft::open_connection("127.0.0.1", port), std::system_error);
        auto closed = weft::create_task(server.wait_closed());
        co_await settle();
        EXPECT_FALSE(closed.done());
        co_await client.close();
        co_await closed;
        co_await server.wait_closed();
    });
}

TEST(server, serve_forever_ends_when_the_server_is_closed) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto serving = weft::create_task(server.serve_forever());
        co_await settle();
        server.close();
        co_await serving;
    });
}

TEST(server, serve_forever_cancelled_lets_connections_finish_and_returns) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto serving = weft::create_task(server.serve_forever());
        auto client = co_await connect_to(server);
        EXPECT_EQ(co_await ask(client, "before"), "before");
        serving.cancel();
        co_await settle();
        EXPECT_FALSE(serving.done());
        EXPECT_FALSE(server.is_serving());
        EXPECT_EQ(co_await ask(client, "in flight"), "in flight");
        co_await client.close();
        co_await serving;  // returns: nothing is thrown
    });
}

TEST(server, serve_forever_cancelled_twice_waits_for_nobody) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto serving = weft::create_task(server.serve_forever());
        auto client = co_await connect_to(server);
        co_await settle();
        serving.cancel();
        co_await settle();
        serving.cancel();
        EXPECT_THROW(co_await serving, weft::cancelled_error);
        EXPECT_EQ(co_await ask(client, "served on"), "served on");
    });
}

TEST(server, wait_closed_cancelled_leaves_the_server_alone) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        auto closed = weft::create_task(server.wait_closed());
        co_await settle();
        closed.cancel();
        EXPECT_THROW(co_await closed, weft::cancelled_error);
        EXPECT_TRUE(server.is_serving());
    });
}

TEST(server, serve_forever_and_wait_closed_destroyed_while_they_wait) {
    const auto before = open_descriptors();
    destroy_while_waiting([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        co_await server.serve_forever();
    });
    destroy_while_waiting([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        co_await server.wait_closed();
    });
    EXPECT_EQ(open_descriptors(), before);
}

TEST(server, cancel_connections_gives_every_handler_a_cancelled_error) {
    run([]() -> weft::task<> {
        int cancelled = 0;
        const auto handler = [&cancelled](weft::stream s) -> weft::task<> {
            try {
                co_await s.read_line();
            } catch (const weft::cancelled_error&) {
                ++cancelled;
                throw;
            }
        };
        auto server = co_await weft::start_server(handler, "127.0.0.1", 0);
        auto one = co_await connect_to(server);
        auto two = co_await connect_to(server);
        co_await settle();
        server.cancel_connections();
        server.close();
        co_await server.wait_closed();
        EXPECT_EQ(cancelled, 2);
        EXPECT_EQ(co_await one.read_all(), "");
    });
}

TEST(server, a_connection_cancelled_before_its_handler_began_is_over_too) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        const auto client = connect_to_loopback(server.port());
        while (server.connections() == 0) co_await weft::yield_now();  // this task is ready ahead of the new one
        server.cancel_connections();
        server.close();
        co_await server.wait_closed();
        EXPECT_EQ(server.connections(), 0u);
        server.cancel_connections();
    });
}

TEST(server, says_which_address_is_in_use) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
        try {
            co_await weft::start_server(echo, "127.0.0.1", server.port());
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::address_in_use);
            EXPECT_THAT(e.what(), HasSubstr(server.addresses().at(0).to_string()));
        }
        EXPECT_EQ(server.connections(), 0u);
    });
}

TEST(server, a_host_without_an_address_of_this_machine_is_refused) {
    const name_server names({});
    run([&names]() -> weft::task<> {
        names.serve();
        for (const char* host : {"example.test", "::1%nowhere", " 127.0.0.1"}) {
            EXPECT_THROW(co_await weft::start_server(echo, host, 0), weft::resolve_error) << host;
        }
        EXPECT_THROW(co_await weft::start_server(echo, "198.51.100.1", 0), std::system_error);
    });
}

TEST(server, without_a_host_listens_on_every_address) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(echo, "", 0);
        std::map<std::string, std::uint16_t> ports;
        for (const auto& at : server.addresses()) ports[at.host] = at.port;
        EXPECT_EQ(ports.size(), 2u);
        auto v4 = co_await weft::open_connection("127.0.0.1", ports.at("0.0.0.0"));
        auto v6 = co_await weft::open_connection("::1", ports.at("::"));
        EXPECT_EQ(co_await ask(v4, "four"), "four");
        EXPECT_EQ(co_await ask(v6, "six"), "six");
        EXPECT_THAT(v6.peer().to_string(), HasSubstr("[::1]:"));
    });
}

TEST(server, two_may_share_a_port_if_both_say_so) {
    run([]() -> weft::task<> {
        auto one = co_await weft::start_server(echo, "127.0.0.1", 0, {.reuse_port = true});
        auto two = co_await weft::start_server(echo, "127.0.0.1", one.port(), {.reuse_port = true});
        EXPECT_THROW(co_await weft::start_server(echo, "127.0.0.1", one.port()), std::system_error);
        std::vector<weft::stream> clients;
        for (int i = 0; i < 64; ++i) clients.push_back(co_await connect_to(one));
        for (auto& c : clients) EXPECT_EQ(co_await ask(c, "shared"), "shared");
        EXPECT_EQ(one.connections() + two.connections(), 64u);
        EXPECT_GT(one.connections(), 0u);
        EXPECT_GT(two.connections(), 0u);
    });
}

}  // namespace
