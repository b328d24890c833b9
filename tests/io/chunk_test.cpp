// SPDX-License-Identifier: Apache-2.0
// Received bytes that are passed on in the memory they came in.
#include <weft/io/chunk.hpp>

#include "io/connected.hpp"

#include <span>
#include <stdexcept>

using namespace weft_test;

namespace {

TEST(chunk, has_what_was_buffered) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("hello\n");
        while (server.buffered().size() < 6) co_await weft::yield_now();
        const weft::chunk c = co_await server.read_chunk();
        EXPECT_EQ(c.text(), "hello\n");
        EXPECT_TRUE(server.buffered().empty());
    });
}

TEST(chunk, is_in_the_memory_that_was_received_into_if_the_reader_waits) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        auto reading = weft::create_task(
            [](weft::stream& s) -> weft::task<weft::chunk> { co_return co_await s.read_chunk(); }(server));
        co_await settle();
        co_await client.write("x");
        const weft::chunk first = co_await std::move(reading);
        co_await client.write("y");
        const weft::chunk second = co_await server.read_chunk();
        EXPECT_EQ(first.text(), "x");  // the next receive went elsewhere
        EXPECT_EQ(second.text(), "y");
    });
}

TEST(chunk, of_a_stream_that_has_ended_is_empty) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.close();
        EXPECT_FALSE(co_await server.read_chunk());
        EXPECT_TRUE((co_await server.read_chunk()).empty());
    });
}

TEST(chunk, comes_before_the_error_that_ended_the_stream) {
    run([]() -> weft::task<> {
        auto pair = connect_sockets();
        auto s = make_stream(std::move(pair.server));
        send_all(pair.client, "last");
        while (s.buffered().empty()) co_await weft::yield_now();
        reset(pair.client);
        co_await settle();
        EXPECT_EQ((co_await s.read_chunk()).text(), "last");
        EXPECT_THROW(co_await s.read_chunk(), std::system_error);
    });
}

TEST(chunk, gives_way_at_both_ends) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("abcdef");
        while (server.buffered().size() < 6) co_await weft::yield_now();
        weft::chunk c = co_await server.read_chunk();
        c.remove_prefix(1);
        c.remove_suffix(2);
        EXPECT_EQ(c.text(), "bcd");
        EXPECT_THROW(c.remove_prefix(4), std::out_of_range);
        EXPECT_THROW(c.remove_suffix(4), std::out_of_range);
        c.bytes()[0] = std::byte{'B'};
        co_await server.write(std::move(c));
        EXPECT_EQ(co_await client.read_exactly(3), "Bcd");
    });
}

TEST(chunk, written_is_sent_in_order_with_everything_else) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const std::string big(3 << 20, 'x');
        auto sending = weft::create_task([](weft::stream& s, const std::string& text) -> weft::task<> {
            co_await s.write(text);
            co_await s.write_eof();
        }(client, big));
        auto back = weft::create_task([](weft::stream& s) -> weft::task<> {
            while (weft::chunk c = co_await s.read_chunk()) {
                co_await s.write("[");
                co_await s.write(std::move(c));
                co_await s.write("]");
            }
            co_await s.write_eof();
        }(server));
        std::string got = co_await client.read_all();
        co_await sending;
        co_await back;
        EXPECT_EQ(got.front(), '[');
        EXPECT_EQ(got.back(), ']');
        std::erase_if(got, [](char c) { return c == '[' || c == ']'; });
        EXPECT_TRUE(got == big);
    });
}

TEST(chunk, of_another_loop_is_copied) {
    weft::chunk foreign;
    run([&foreign]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("from there");
        while (server.buffered().size() < 10) co_await weft::yield_now();
        foreign = co_await server.read_chunk();
    });
    EXPECT_EQ(foreign.text(), "from there");  // the loop and its streams are gone
    run([&foreign]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await server.write(std::move(foreign));
        EXPECT_EQ(co_await client.read_exactly(10), "from there");
    });
}

}  // namespace
