// SPDX-License-Identifier: Apache-2.0
// What a read throws when the stream ends too early, the delimiter is too far, or the connection breaks.
#include "io/connected.hpp"
#include "io/socket_address.hpp"

#include <array>

using namespace weft_test;
using testing::HasSubstr;

namespace {

/// What `read` throws, which must be an `Error`.
template <class Error, class Read>
weft::task<std::optional<Error>> thrown(Read read) {
    try {
        co_await read();
    } catch (const Error& e) {
        co_return e;
    }
    ADD_FAILURE() << "nothing was thrown";
    co_return std::nullopt;
}

TEST(incomplete_read, says_what_came_and_what_was_expected) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("1234");
        co_await client.close();
        auto e = co_await thrown<weft::incomplete_read_error>([&] { return server.read_exactly(10); });
        EXPECT_EQ(e->partial(), "1234");
        EXPECT_EQ(e->expected(), 10u);
        EXPECT_STREQ(e->what(), "the stream ended after 4 bytes of 10");
        EXPECT_TRUE(server.at_eof());  // the partial bytes are taken, as in asyncio
    });
}

TEST(incomplete_read, of_a_delimiter_expects_no_number) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("12\r\n34\r");
        co_await client.close();
        EXPECT_EQ(co_await server.read_until("\r\n"), "12\r\n");
        auto e = co_await thrown<weft::incomplete_read_error>([&] { return server.read_until_view("\r\n"); });
        EXPECT_EQ(e->partial(), "34\r");
        EXPECT_EQ(e->expected(), std::nullopt);
        e = co_await thrown<weft::incomplete_read_error>([&] { return server.read_until("\r\n"); });
        EXPECT_EQ(e->partial(), "");
    });
}

TEST(incomplete_read, into_memory_of_the_caller_throws_too) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("12");
        co_await client.close();
        std::array<std::byte, 3> three{};
        auto e = co_await thrown<weft::incomplete_read_error>([&] { return server.read_exactly(three); });
        EXPECT_EQ(e->partial(), "12");
    });
}

TEST(limit_overrun, consumes_nothing_and_leaves_the_stream_usable) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(8);
        co_await client.write("0123456789\nnext\n");
        co_await settle();
        auto e = co_await thrown<weft::limit_overrun_error>([&] { return server.read_line(); });
        EXPECT_EQ(e->consumed(), 10u);
        EXPECT_THAT(e->what(), HasSubstr("limit of 8 bytes"));
        EXPECT_EQ(co_await server.read_exactly(e->consumed() + 1), "0123456789\n");
        EXPECT_EQ(co_await server.read_line(), "next");
    });
}

TEST(limit_overrun, comes_without_a_delimiter_too_and_says_how_much_can_be_skipped) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(8);
        co_await client.write("0123456789\r");  // the last byte may begin a delimiter
        co_await settle();
        auto e = co_await thrown<weft::limit_overrun_error>([&] { return server.read_until_view("\r\n"); });
        EXPECT_EQ(e->consumed(), 10u);
        EXPECT_EQ(co_await server.read_exactly(e->consumed()), "0123456789");
        co_await client.write("\n");
        EXPECT_EQ(co_await server.read_until("\r\n"), "\r\n");
    });
}

TEST(limit_overrun, of_a_reader_that_waits_comes_when_the_limit_is_passed) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(8);
        auto read = [&s = server]() -> weft::task<> { co_await s.read_line(); };
        auto reading = weft::create_task(read());
        for (const char c : std::string("012345678")) {
            EXPECT_FALSE(reading.done()) << c;
            co_await client.write(std::string_view(&c, 1));
            co_await settle();
        }
        EXPECT_THROW(co_await reading, weft::limit_overrun_error);
        EXPECT_EQ(co_await server.read(100), "012345678");
    });
}

TEST(limit_overrun, does_not_concern_a_line_as_long_as_the_limit) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(8);  // as in asyncio, the delimiter does not count
        co_await client.write("01234567\n01234567\r\n");
        EXPECT_EQ(co_await server.read_line(), "01234567");
        EXPECT_EQ(co_await server.read_until("\r\n"), "01234567\r\n");
        EXPECT_EQ(server.buffered(), "");
    });
}

TEST(limit_overrun, at_the_end_of_the_stream_is_still_said) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(8);
        co_await client.write("0123456789");
        co_await client.close();
        co_await settle();
        EXPECT_THROW(co_await server.read_line(), weft::limit_overrun_error);
        EXPECT_EQ(co_await server.read_all(), "0123456789");
        EXPECT_EQ(co_await server.read_line(), std::nullopt);
    });
}

TEST(reading, refuses_an_empty_delimiter) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        EXPECT_THROW(static_cast<void>(server.read_until("")), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(server.read_until_view("")), std::invalid_argument);
    });
}

TEST(reading, from_a_stream_that_was_moved_from_is_refused) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const weft::stream taken = std::move(client);
        EXPECT_FALSE(client);
        EXPECT_TRUE(taken);
        EXPECT_THROW(static_cast<void>(client.read(1)), weft::invalid_state_error);
        EXPECT_THROW(static_cast<void>(client.write("x")), weft::invalid_state_error);
        EXPECT_THROW(static_cast<void>(client.close()), weft::invalid_state_error);
        EXPECT_THROW(static_cast<void>(client.peer()), weft::invalid_state_error);
        EXPECT_EQ(client.buffered(), "");
        EXPECT_TRUE(client.at_eof());
        EXPECT_TRUE(client.is_closing());
        client.abort();
    });
}

TEST(reset_by_the_peer, is_said_by_name_after_everything_received_was_read) {
    run([]() -> weft::task<> {
        auto [client, server] = connect_sockets();
        const std::string name = weft::peer_address(client.get()).to_string();
        auto s = make_stream(std::move(client));
        send_all(server, "one\ntwo");
        EXPECT_EQ(co_await s.peek(7), "one\ntwo");
        reset(server);
        EXPECT_EQ(co_await s.read_line(), "one");
        auto e = co_await thrown<std::system_error>([&] { return s.read_line(); });  // half a line is no line
        EXPECT_EQ(e->code(), std::errc::connection_reset);
        EXPECT_THAT(e->what(), HasSubstr(name));
        EXPECT_EQ(co_await s.read(100), "two");
        EXPECT_THROW(co_await s.read(100), std::system_error);
        EXPECT_THROW(co_await s.read_all(), std::system_error);
        EXPECT_THROW(co_await s.peek(), std::system_error);
        EXPECT_FALSE(s.at_eof());  // it did not end: it broke
    });
}

TEST(reset_by_the_peer, ends_writing_too) {
    run([]() -> weft::task<> {
        auto [client, server] = connect_sockets();
        auto s = make_stream(std::move(client));
        reset(server);
        EXPECT_THROW(co_await s.read(1), std::system_error);
        auto e = co_await thrown<std::system_error>([&]() -> weft::task<> { co_await s.write("x"); });
        EXPECT_THAT(e->what(), HasSubstr("write to 127.0.0.1:"));
        EXPECT_THROW(co_await s.drain(), std::system_error);
        EXPECT_THROW(static_cast<void>(s.try_write("x")), std::system_error);
    });
}

TEST(reading_a_closed_stream, gives_what_is_buffered_and_then_an_error) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("left");
        EXPECT_EQ(co_await server.peek(4), "left");
        co_await server.close();
        EXPECT_EQ(co_await server.read(2), "le");
        EXPECT_EQ(co_await server.read(100), "ft");
        EXPECT_THROW(co_await server.read(100), std::system_error);
        EXPECT_THROW(co_await server.read_line(), std::system_error);
    });
}

}  // namespace
