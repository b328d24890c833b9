// SPDX-License-Identifier: Apache-2.0
// A server that ends its connections under those who serve them.
#include "net/recorded_client.hpp"

using namespace weft_test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

weft::task<weft::stream> connect_to(const weft::server& server) {
    return weft::open_connection("127.0.0.1", server.port());
}

TEST(close_clients, lets_every_read_find_the_end_and_sends_what_is_unsent) {
    run([]() -> weft::task<> {
        reports heard;
        const std::string big(4 << 20, 'x');
        std::vector<std::string> read;
        const auto handler = [&](weft::stream s) -> weft::task<> {
            static_cast<void>(s.write(big));
            read.push_back(co_await s.read_exactly(2));
            read.push_back(co_await s.read_all());
            EXPECT_TRUE(s.is_closing());
            EXPECT_THROW(static_cast<void>(s.write("more")), weft::invalid_state_error);
            co_await s.close();
        };
        auto server = co_await weft::start_server(handler, "127.0.0.1", 0);
        std::vector<weft::stream> clients;
        for (int i = 0; i < 2; ++i) {
            clients.push_back(co_await connect_to(server));
            co_await clients.back().write("to be read");
        }
        co_await settle();
        server.close_clients();
        server.close_clients();
        for (weft::stream& c : clients) EXPECT_TRUE(co_await c.read_all() == big);
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
        EXPECT_THAT(read, ElementsAre("to", "to", " be read", " be read"));
        EXPECT_THAT(heard.messages, IsEmpty());
        auto another = co_await connect_to(server);  // it serves on
        EXPECT_EQ(co_await another.read_exactly(3), "xxx");
        server.abort_clients();
        co_await settle();
    });
}

// As test_close_clients of CPython's test_server.
TEST(close_clients, with_close_ends_a_server_in_the_next_turns) {
    run([]() -> weft::task<> {
        const auto handler = [](weft::stream s) -> weft::task<> {
            co_await s.read_all();
            co_await s.close();
        };
        auto server = co_await weft::start_server(handler, "127.0.0.1", 0);
        auto client = co_await connect_to(server);
        co_await settle();
        auto closed = weft::create_task(server.wait_closed());
        co_await weft::yield_now();
        EXPECT_FALSE(closed.done());
        server.close();
        server.close_clients();
        co_await closed;
        EXPECT_EQ(co_await client.read_all(), "");
    });
}

TEST(close_clients, ends_one_whose_handler_has_not_begun_and_leaves_alone_one_that_has_let_go) {
    run([]() -> weft::task<> {
        weft::event leave;
        const auto handler = [&leave](weft::stream s) -> weft::task<> {
            if (co_await s.read_line() != "go") co_return;
            co_await s.write("gone\n");
            s = weft::stream();
            co_await leave.wait();
        };
        auto server = co_await weft::start_server(handler, "127.0.0.1", 0);
        auto first = co_await connect_to(server);
        co_await first.write("go\n");
        EXPECT_EQ(co_await first.read_all(), "gone\n");
        const auto second = connect_to_loopback(server.port());
        while (server.connections() < 2) co_await weft::yield_now();  // this task is ready ahead of the new one
        server.close_clients();
        server.abort_clients();
        co_await settle();
        EXPECT_EQ(server.connections(), 1u);
        leave.set();
        server.close();
        server.close_clients();
        co_await server.wait_closed();
        server.close_clients();
        server.abort_clients();
    });
}

/// A server that serves one at a time, while another that is accepted already waits for room: both are ended.
weft::task<> expect_that_who_waits_is_ended(void (weft::server::*end)(), bool is_reset) {
    int served = 0;
    const auto handler = [&served](weft::stream s) -> weft::task<> {
        ++served;
        try {
            co_await s.read_all();
        } catch (const std::system_error&) {
        }
    };
    const std::vector<std::string> hosts{"127.0.0.1", "127.0.0.2"};
    auto server = co_await weft::start_server(handler, hosts, 0, {.max_connections = 1});
    auto first = co_await weft::open_connection("127.0.0.1", server.port());
    co_await settle();
    auto waiting = co_await weft::open_connection("127.0.0.2", server.port());
    co_await settle();
    (server.*end)();
    for (weft::stream* s : {&first, &waiting}) {
        if (is_reset) {
            EXPECT_THROW(co_await s->read(1), std::system_error);
        } else {
            EXPECT_EQ(co_await s->read_all(), "");
        }
    }
    co_await settle();
    EXPECT_EQ(served, 1);
    for (const std::string& host : hosts) {  // it serves on, at both
        auto next = co_await weft::open_connection(host, server.port());
        co_await next.close();
        co_await settle();
    }
    EXPECT_EQ(served, 3);
}

TEST(close_clients, ends_those_that_wait_for_room_too) {
    run([] { return expect_that_who_waits_is_ended(&weft::server::close_clients, false); });
}
TEST(abort_clients, resets_those_that_wait_for_room_too) {
    run([] { return expect_that_who_waits_is_ended(&weft::server::abort_clients, true); });
}

TEST(close_clients, closes_the_transports_of_protocols) {
    run([] { return expect_that_connections_end([](weft::server& s) { s.close_clients(); }, false); });
}

// As test_abort_clients of CPython's test_server.
TEST(abort_clients, drops_what_is_unsent_and_resets_the_connections) {
    run([]() -> weft::task<> {
        reports heard;
        int aborted = 0;
        const auto handler = [&aborted](weft::stream s) -> weft::task<> {
            try {
                co_await s.write(std::string(32 << 20, 'x'));
            } catch (const std::system_error& e) {
                aborted += e.code() == std::errc::connection_aborted;
                throw;
            }
        };
        auto server = co_await weft::start_server(handler, "127.0.0.1", 0);
        auto client = co_await connect_to(server);
        auto closed = weft::create_task(server.wait_closed());
        co_await settle();
        EXPECT_EQ(server.connections(), 1u);
        server.close();
        server.abort_clients();
        co_await closed;
        EXPECT_EQ(aborted, 1);
        EXPECT_THROW(co_await client.read_all(), std::system_error);
        EXPECT_THAT(heard.messages, IsEmpty());  // it is no news to the server
    });
}

TEST(abort_clients, tells_readers_and_reports_what_else_a_handler_throws) {
    run([]() -> weft::task<> {
        reports heard;
        const auto handler = [](weft::stream s) -> weft::task<> {
            try {
                co_await s.read_line();
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_aborted);
            }
            throw std::runtime_error("something else");
        };
        auto server = co_await weft::start_server(handler, "127.0.0.1", 0);
        auto client = co_await connect_to(server);
        co_await settle();
        server.abort_clients();
        EXPECT_THROW(co_await client.read(1), std::system_error);  // a reset
        co_await settle();
        EXPECT_EQ(server.connections(), 0u);
        EXPECT_THAT(heard.messages, ElementsAre("Unhandled exception in a connection handler"));
    });
}

TEST(abort_clients, aborts_the_transports_of_protocols) {
    run([] { return expect_that_connections_end([](weft::server& s) { s.abort_clients(); }, true); });
}

TEST(a_server_that_was_moved_from, has_no_clients_to_end) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server([](weft::stream) -> weft::task<> { co_return; }, "127.0.0.1", 0);
        const auto owner = std::move(server);
        EXPECT_THROW(server.close_clients(), weft::invalid_state_error);
        EXPECT_THROW(server.abort_clients(), weft::invalid_state_error);
    });
}

}  // namespace
