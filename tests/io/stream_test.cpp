// SPDX-License-Identifier: Apache-2.0
// What a user of a stream sees: every way to read and write, on a connection that stays well.
#include "io/connected.hpp"

#include <sys/mman.h>

#include <array>
#include <span>
#include <stdexcept>

using namespace weft_test;

namespace {

std::span<std::byte> bytes_of(std::string& s) { return std::as_writable_bytes(std::span(s)); }

/// Sends each part when the other end has taken in all before it.
weft::task<> send_in_parts(weft::stream& to, std::vector<std::string> parts) {
    for (const std::string& part : parts) {
        co_await to.write(part);
        co_await settle();
    }
}

TEST(stream, read_some_gives_what_is_there_and_zero_at_the_end) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("hello");
        std::string buffer(16, '.');
        EXPECT_EQ(co_await server.read_some(bytes_of(buffer)), 5u);
        EXPECT_EQ(buffer.substr(0, 5), "hello");
        co_await client.close();
        EXPECT_EQ(co_await server.read_some(bytes_of(buffer)), 0u);
        EXPECT_EQ(co_await server.read_some(bytes_of(buffer)), 0u);
    });
}

TEST(stream, read_takes_no_more_than_asked_for_and_leaves_the_rest) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("hello");
        EXPECT_EQ(co_await server.peek(5), "hello");
        EXPECT_EQ(co_await server.read(2), "he");
        std::string two(2, '.');
        EXPECT_EQ(co_await server.read_some(bytes_of(two)), 2u);
        EXPECT_EQ(two, "ll");
        EXPECT_EQ(co_await server.read(100), "o");
        co_await client.close();
        EXPECT_EQ(co_await server.read(100), "");
    });
}

TEST(stream, a_read_of_nothing_gives_nothing_at_once) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        EXPECT_EQ(co_await server.read(0), "");
        EXPECT_EQ(co_await server.read_some({}), 0u);
        EXPECT_EQ(co_await server.read_exactly(0), "");
        EXPECT_EQ(co_await server.read_exactly(std::span<std::byte>()), 0u);
    });
}

TEST(stream, read_exactly_waits_for_every_byte) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(send_in_parts(client, {"ab", "cd", "efgh", "i"}));
        EXPECT_EQ(co_await server.read_exactly(3), "abc");
        std::string five(5, '.');
        EXPECT_EQ(co_await server.read_exactly(bytes_of(five)), 5u);
        EXPECT_EQ(five, "defgh");
        co_await sending;
        EXPECT_EQ(server.buffered(), "i");
    });
}

TEST(stream, read_exactly_may_want_more_than_the_limit) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(1024);
        const std::string big(1 << 20, 'x');
        co_await client.write(big);
        EXPECT_EQ(co_await server.read_exactly(big.size()), big);
    });
}

TEST(stream, read_until_finds_its_delimiter_wherever_the_message_is_split) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const std::string message = "a\r\rb\r\n\rc\r\n\r\n";
        for (std::size_t split = 0; split <= message.size(); ++split) {
            auto sending =
                weft::create_task(send_in_parts(client, {message.substr(0, split), message.substr(split) + "tail"}));
            EXPECT_EQ(co_await server.read_until("\r\n\r\n"), message) << split;
            EXPECT_EQ(co_await server.read_until_view("ail"), "tail") << split;
            co_await sending;
        }
    });
}

TEST(stream, a_message_sent_byte_by_byte_is_read_whole) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        std::vector<std::string> letters;
        for (const char c : std::string("one\r\ntwo\r\n\r\nthree\n")) letters.emplace_back(1, c);
        auto sending = weft::create_task(send_in_parts(client, letters));
        EXPECT_EQ(co_await server.read_line(), "one");
        EXPECT_EQ(co_await server.read_until("\r\n\r\n"), "two\r\n\r\n");
        EXPECT_EQ(co_await server.read_line_view(), "three");
        co_await sending;
    });
}

TEST(stream, read_line_strips_both_kinds_of_end_and_gives_an_unterminated_last_line_then_empty) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("unix\ndos\r\n\n\r\na\rb\n\r\r\nlast");
        co_await client.close();
        EXPECT_EQ(co_await server.read_line(), "unix");
        EXPECT_EQ(co_await server.read_line(), "dos");
        EXPECT_EQ(co_await server.read_line(), "");
        EXPECT_EQ(co_await server.read_line(), "");
        EXPECT_EQ(co_await server.read_line(), "a\rb");
        EXPECT_EQ(co_await server.read_line(), "\r");
        EXPECT_EQ(co_await server.read_line(), "last");
        EXPECT_EQ(co_await server.read_line(), std::nullopt);
        EXPECT_EQ(co_await server.read_line_view(), std::nullopt);
    });
}

TEST(stream, an_unterminated_last_line_is_given_whole) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("first\r\nlast\r");
        co_await client.close();
        EXPECT_EQ(co_await server.read_line(), "first");
        EXPECT_EQ(co_await server.read_line(), "last\r");
    });
}

TEST(stream, a_view_lends_the_line_until_the_next_read_or_look) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("one\r\ntwo\nkey=value;rest");
        EXPECT_EQ(co_await server.read_line_view(), "one");
        const auto two = co_await server.read_line_view();
        EXPECT_EQ(two, "two");
        EXPECT_EQ(server.buffered(), "key=value;rest");  // the lent line is not among what is left
        EXPECT_EQ(co_await server.read_until_view(";"), "key=value;");
        EXPECT_EQ(co_await server.read(100), "rest");
    });
}

TEST(stream, a_view_stays_as_it_is_whatever_comes_until_the_next_read) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const std::string line(1000, 'l'), more(10'000, 'm');
        auto [other_client, other_server] = co_await connect_streams();
        const auto let_it_come = [&](int times) -> weft::task<> {
            for (int i = 0; i < times; ++i) {
                co_await client.write(more);
                for (int turn = 0; turn < 20; ++turn) co_await weft::yield_now();
            }
            for (const std::size_t size : {1500, 3000, 6000, 12'000, 24'000}) {  // in the blocks that are free now
                co_await other_client.write(std::string(size, 'o'));
                co_await other_server.read_exactly(size);
            }
        };
        co_await client.write(line + "\n");
        const auto lent = co_await server.read_line_view();
        co_await let_it_come(1);
        EXPECT_EQ(lent, line);
        co_await let_it_come(5);
        EXPECT_EQ(lent, line);
        EXPECT_FALSE(server.at_eof());
        EXPECT_EQ(lent, line);
        std::string all = co_await server.read_exactly(6 * more.size() - 1);
        const auto left = co_await server.peek();
        co_await let_it_come(3);
        EXPECT_EQ(left, "m");
        all += co_await server.read_exactly(3 * more.size() + 1);
        EXPECT_EQ(all, std::string(9 * more.size(), 'm'));
        co_await client.write(line + "\nlast");
        co_await server.read_line_view();  // and is forgotten, with what comes behind it
        co_await let_it_come(1);
    });
}

TEST(stream, a_view_of_the_unterminated_last_line_is_stripped_only_of_a_line_end) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("x\nlast");
        co_await client.close();
        EXPECT_EQ(co_await server.read_line_view(), "x");
        EXPECT_EQ(co_await server.read_line_view(), "last");
        EXPECT_FALSE(co_await server.read_line_view());
        EXPECT_TRUE(server.at_eof());
    });
}

TEST(stream, a_write_of_two_gigabytes_is_refused_and_harms_nothing) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        constexpr std::size_t size = std::size_t{2} << 30;
        void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        EXPECT_NE(memory, MAP_FAILED);
        const std::span all(static_cast<const std::byte*>(memory), size);
        EXPECT_THROW(static_cast<void>(client.write(all)), std::length_error);
        ::munmap(memory, size);
        co_await client.write("fine\n");
        EXPECT_EQ(co_await server.read_line(), "fine");
    });
}

TEST(stream, read_all_gives_everything_however_much_more_than_the_limit) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(1000);
        std::string big;
        for (int i = 0; big.size() < 3'000'000; ++i) big += std::to_string(i) + ",";
        co_await client.write(big);
        auto closing = weft::create_task([&c = client]() -> weft::task<> { co_await c.close(); });
        EXPECT_TRUE(co_await server.read_all() == big);
        EXPECT_EQ(co_await server.read_all(), "");
        co_await closing;
    });
}

TEST(stream, peek_waits_for_enough_and_takes_nothing) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        auto sending = weft::create_task(send_in_parts(client, {"ab", "cde"}));
        EXPECT_EQ(co_await server.peek(), "ab");
        EXPECT_EQ(co_await server.peek(3), "abcde");
        server.consume(4);
        EXPECT_EQ(server.buffered(), "e");
        EXPECT_EQ(co_await server.peek(), "e");
        EXPECT_THROW(server.consume(2), weft::invalid_state_error);
        EXPECT_EQ(server.buffered(), "e");
        co_await sending;
        co_await client.close();
        EXPECT_EQ(co_await server.peek(100), "e");  // the end: what there is
        server.consume(1);
        EXPECT_EQ(co_await server.peek(), "");
    });
}

TEST(stream, at_eof_is_said_when_nothing_is_buffered_and_nothing_will_come) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        EXPECT_FALSE(server.at_eof());
        co_await client.write("x");
        co_await client.close();
        co_await settle();
        EXPECT_FALSE(server.at_eof());
        EXPECT_EQ(co_await server.read(1), "x");
        EXPECT_TRUE(server.at_eof());
    });
}

TEST(stream, pieces_are_written_as_one) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const std::array<std::span<const std::byte>, 3> pieces{std::as_bytes(std::span(std::string_view("one "))),
                                                               std::span<const std::byte>(),
                                                               std::as_bytes(std::span(std::string_view("two\n")))};
        co_await client.write(pieces);
        EXPECT_EQ(co_await server.read_line(), "one two");
        co_await client.write(std::span<const std::span<const std::byte>>());
        EXPECT_EQ(client.write_buffer_size(), 0u);
    });
}

TEST(stream, bytes_written_need_not_outlive_the_call) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        std::string text = "first\n";
        auto first = client.write(text);
        text = "other\n";
        co_await client.write(text);
        EXPECT_EQ(co_await server.read_line(), "first");
        EXPECT_EQ(co_await server.read_line(), "other");
        static_cast<void>(first);
    });
}

TEST(stream, each_end_knows_both_addresses) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        EXPECT_EQ(client.local(), server.peer());
        EXPECT_EQ(client.peer(), server.local());
        EXPECT_EQ(client.peer().host, "127.0.0.1");
    });
}

}  // namespace
