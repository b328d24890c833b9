// SPDX-License-Identifier: Apache-2.0
// What CPython's tests of streams and connections assert, where no other test here does. See docs/parity-streams.md.
#include "io/operations.hpp"
#include "net/name_server.hpp"

#include <sys/socket.h>

using namespace weft_test;

namespace {

weft::task<> ignore(weft::stream s) { co_await s.read_all(); }

TEST(connection_parity, a_limit_of_nothing_is_refused) {
    run([]() -> weft::task<> {
        EXPECT_THROW(co_await weft::open_connection("127.0.0.1", 1, {.limit = 0}), std::invalid_argument);
        EXPECT_THROW(co_await weft::open_unix_connection("/x", {.limit = 0}), std::invalid_argument);
        EXPECT_THROW(co_await weft::start_server(ignore, "127.0.0.1", 0, {.limit = 0}), std::invalid_argument);
    });
}

TEST(connection_parity, lines_and_bytes_may_be_read_in_turn) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("line1\nline2\nline3");
        co_await client.write_eof();
        EXPECT_EQ(co_await server.read_line(), "line1");
        EXPECT_EQ(co_await server.read(7), "line2\nl");
        EXPECT_EQ(co_await server.read_line(), "ine3");
        EXPECT_EQ(co_await server.read_line(), std::nullopt);
        EXPECT_EQ(co_await server.read(7), "");
        EXPECT_TRUE(server.at_eof());
    });
}

TEST(connection_parity, an_empty_line_and_one_without_an_end_are_told_apart_from_the_end) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("\nsome data");
        co_await client.write_eof();
        EXPECT_EQ(co_await server.read_line(), "");
        EXPECT_EQ(co_await server.read_line(), "some data");
        EXPECT_EQ(co_await server.read_line(), std::nullopt);
    });
}

TEST(connection_parity, a_message_in_many_pieces_with_a_long_delimiter) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        for (const char* part : {"QWERTYUI", "OPASDFGH", "xxSEP", "ARATOR", "rest"}) {
            co_await client.write(part);
            co_await weft::yield_now();
        }
        co_await client.write_eof();
        EXPECT_EQ(co_await server.read_until("SEPARATOR"), "QWERTYUIOPASDFGHxxSEPARATOR");
        try {
            co_await server.read_until("SEPARATOR");
            ADD_FAILURE();
        } catch (const weft::incomplete_read_error& e) {
            EXPECT_EQ(e.partial(), "rest");
        }
        EXPECT_EQ(co_await server.read_all(), "");
    });
}

TEST(connection_parity, closing_with_unread_data_ends) {
    run([]() -> weft::task<> {
        const auto greet = [](weft::stream s) -> weft::task<> {
            co_await s.write("HTTP/1.0 200 OK\r\n\r\nTest message");
        };
        auto server = co_await weft::start_server(greet, "127.0.0.1", 0);
        auto s = co_await weft::open_connection("127.0.0.1", server.port());
        EXPECT_EQ(co_await s.read_line(), "HTTP/1.0 200 OK");
        EXPECT_FALSE(s.is_closing());
        co_await s.close();
        EXPECT_TRUE(s.is_closing());
        co_await s.close();
    });
}

TEST(connection_parity, a_write_to_a_closed_stream_is_refused) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.close();
        EXPECT_THROW(co_await client.write("too late"), weft::invalid_state_error);
        EXPECT_EQ(co_await server.read_all(), "");
    });
}

TEST(connection_parity, several_tasks_may_wait_until_a_stream_is_drained) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        client.set_write_buffer_limits(1000);
        auto writing = weft::create_task([](weft::stream& s) -> weft::task<> {
            const std::string much(10'000'000, 'x');
            co_await s.write(much);
        }(client));
        co_await weft::yield_now();
        int drained = 0;
        const auto drain = [](weft::stream& s, int& count) -> weft::task<> {
            co_await s.drain();
            ++count;
        };
        std::vector<weft::task_handle<>> draining;
        for (int i = 0; i < 10; ++i) draining.push_back(weft::create_task(drain(client, drained)));
        co_await settle();
        EXPECT_EQ(drained, 0);
        co_await server.read_exactly(10'000'000);
        for (auto& d : draining) co_await d;
        EXPECT_EQ(drained, 10);
        co_await writing;
    });
}

TEST(connection_parity, a_handler_that_is_cancelled_is_not_reported) {
    run([]() -> weft::task<> {
        int reported = 0;
        weft::get_running_loop().set_exception_handler(
            [&reported](weft::event_loop&, const weft::error_context&) { ++reported; });
        auto server = co_await weft::start_server(ignore, "127.0.0.1", 0);
        auto s = co_await weft::open_connection("127.0.0.1", server.port());
        co_await settle();
        server.cancel_connections();
        EXPECT_EQ(co_await s.read_all(), "");
        co_await settle();
        EXPECT_EQ(reported, 0);
    });
}

TEST(connection_parity, a_socket_that_is_connected_already_becomes_a_stream) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        auto one = co_await weft::open_connection(weft::unique_fd(ends[0]));
        auto two = co_await weft::open_connection(weft::unique_fd(ends[1]), {.limit = 1000});
        co_await one.write("hello\n");
        EXPECT_EQ(co_await two.read_line(), "hello");
        co_await one.close();
        EXPECT_EQ(co_await two.read_all(), "");
        co_await two.close();

        auto tcp = connect_sockets();
        auto s = co_await weft::open_connection(std::move(tcp.client));
        co_await s.write("x");
        co_await s.close();  // until it is sent
        char byte = 0;
        EXPECT_EQ(::recv(tcp.server.get(), &byte, 1, 0), 1);
        EXPECT_EQ(::recv(tcp.server.get(), &byte, 1, 0), 0);
        tcp.server.reset();
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(connection_parity, a_socket_that_carries_no_stream_is_refused) {
    run([]() -> weft::task<> {
        const auto before = open_descriptors();
        const auto open = [](int family, int type) -> weft::task<> {
            co_await weft::open_connection(weft::unique_fd(::socket(family, type, 0)));
        };
        EXPECT_THROW(co_await open(AF_INET, SOCK_DGRAM), std::invalid_argument);
        EXPECT_THROW(co_await weft::open_connection(weft::unique_fd()), std::invalid_argument);
        try {
            co_await open(AF_INET, SOCK_STREAM);
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::not_connected);
        }
        EXPECT_EQ(open_descriptors(), before);
    });
}

TEST(connection_parity, wait_closed_waits_for_both_to_be_closed_and_the_last_handler) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(ignore, "127.0.0.1", 0);
        auto one = weft::create_task(server.wait_closed());
        co_await settle();
        EXPECT_FALSE(one.done());  // nobody is connected, but it is not closed
        auto s = co_await weft::open_connection("127.0.0.1", server.port());
        co_await settle();
        auto two = weft::create_task(server.wait_closed());
        server.close();
        auto three = weft::create_task(server.wait_closed());
        co_await settle();
        EXPECT_FALSE(one.done() || two.done() || three.done());
        co_await s.close();
        co_await one;
        co_await two;
        co_await three;
        co_await server.wait_closed();
    });
}

TEST(connection_parity, a_server_and_its_connection_may_be_closed_in_one_turn) {
    run([]() -> weft::task<> {
        auto server = co_await weft::start_server(ignore, "127.0.0.1", 0);
        auto s = co_await weft::open_connection("127.0.0.1", server.port());
        auto& loop = weft::get_running_loop();
        loop.call_soon([&server] { server.close(); });
        loop.call_soon([&s] { static_cast<void>(s.close()); });
        co_await server.wait_closed();
    });
}

}  // namespace
