// SPDX-License-Identifier: Apache-2.0
// Waiting for a stream: cancelled, destroyed, refused; and how far each side may run ahead of the other.
#include "io/connected.hpp"

#include <functional>
#include <span>

using namespace weft_test;

namespace {

using reading = std::function<weft::task<>(weft::stream&)>;

/// Every kind of read that waits, each for more than "12345".
std::vector<reading> reads_that_wait_for_more() {
    return {
        [](weft::stream& s) -> weft::task<> { co_await s.read_exactly(6); },
        [](weft::stream& s) -> weft::task<> {
            std::string six(6, '.');
            co_await s.read_exactly(std::as_writable_bytes(std::span(six)));
        },
        [](weft::stream& s) -> weft::task<> { co_await s.read_until("\r\n"); },
        [](weft::stream& s) -> weft::task<> { co_await s.read_until_view("\r\n"); },
        [](weft::stream& s) -> weft::task<> { co_await s.read_line(); },
        [](weft::stream& s) -> weft::task<> { co_await s.read_line_view(); },
        [](weft::stream& s) -> weft::task<> { co_await s.read_all(); },
        [](weft::stream& s) -> weft::task<> { co_await s.peek(6); },
    };
}

/// As above, with those that wait for the first byte.
std::vector<reading> reads_that_wait() {
    auto all = reads_that_wait_for_more();
    all.push_back([](weft::stream& s) -> weft::task<> { co_await s.read(1); });
    all.push_back([](weft::stream& s) -> weft::task<> {
        std::string one(1, '.');
        co_await s.read_some(std::as_writable_bytes(std::span(one)));
    });
    all.push_back([](weft::stream& s) -> weft::task<> { co_await s.peek(); });
    all.push_back([](weft::stream& s) -> weft::task<> { co_await s.read_chunk(); });
    return all;
}

TEST(stream, a_cancelled_read_loses_no_byte) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        for (const reading& read : reads_that_wait_for_more()) {
            auto waiting = weft::create_task(read(server));
            co_await client.write("12345");
            co_await settle();
            EXPECT_TRUE(waiting.cancel());
            EXPECT_THROW(co_await waiting, weft::cancelled_error);
            EXPECT_EQ(co_await server.read(100), "12345");
        }
    });
}

TEST(stream, a_read_cancelled_after_its_bytes_came_leaves_them) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        for (const reading& read : reads_that_wait()) {
            auto waiting = weft::create_task(read(server));
            co_await settle();
            // On the other end of a connection whose bytes came in this turn: the reader is ready, and has not run yet.
            co_await client.write("12345\r\n");
            while (server.buffered().empty()) {
                weft::get_running_loop().call_soon([&] {
                    if (!server.buffered().empty()) waiting.cancel();
                });
                co_await weft::yield_now();
                if (waiting.done()) break;
            }
            waiting.cancel();
            co_await settle();
            if (waiting.done() && !waiting.cancelled()) {
                server.consume(server.buffered().size());  // it was quicker
            } else {
                EXPECT_EQ(co_await server.read_line(), "12345");
            }
        }
    });
}

TEST(stream, a_reader_destroyed_while_it_waits_is_forgotten) {
    for (const reading& read : reads_that_wait()) {
        weft::stream kept;
        weft::event_loop loop;
        loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
        loop.run_until_complete([](weft::stream& keep, const reading& r) -> weft::task<> {
            auto ends = co_await connect_streams();
            keep = std::move(ends.server);
            weft::spawn(r(keep));
            co_await weft::yield_now();
            co_await weft::yield_now();
        }(kept, read));
        loop.close();
    }
}

TEST(stream, destroyed_while_a_task_reads_fails_the_read) {
    run([]() -> weft::task<> {
        for (const reading& read : reads_that_wait()) {
            auto [client, server] = co_await connect_streams();
            auto waiting = weft::create_task(read(server));
            co_await settle();
            server = weft::stream();
            EXPECT_THROW(co_await waiting, std::system_error);
        }
    });
}

TEST(stream, closed_and_destroyed_in_one_go_while_a_task_reads_fails_the_read) {
    run([]() -> weft::task<> {
        for (const reading& read : reads_that_wait()) {
            auto [client, server] = co_await connect_streams();
            auto waiting = weft::create_task(read(server));
            co_await settle();
            static_cast<void>(server.close());  // wakes the reader
            server = weft::stream();  // before it has run
            EXPECT_THROW(co_await waiting, std::system_error);
        }
    });
}

TEST(stream, aborted_and_destroyed_in_one_go_fails_the_reader_and_the_writer) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const auto write = [](weft::stream& s) -> weft::task<> { co_await s.write(std::string(64 << 20, 'x')); };
        const auto read = [](weft::stream& s) -> weft::task<> { co_await s.read(1); };
        auto writing = weft::create_task(write(server));
        auto waiting = weft::create_task(read(server));
        co_await settle();
        EXPECT_FALSE(writing.done());
        server.abort();
        server = weft::stream();
        EXPECT_THROW(co_await writing, std::system_error);
        EXPECT_THROW(co_await waiting, std::system_error);
    });
}

TEST(stream, a_writer_destroyed_while_it_waits_is_forgotten) {
    weft::stream kept;
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    loop.run_until_complete([](weft::stream& keep) -> weft::task<> {
        auto [client, server] = connect_sockets();
        keep = make_stream(std::move(client));
        const auto write = [](weft::stream& s) -> weft::task<> { co_await s.write(std::string(64 << 20, 'x')); };
        weft::spawn(write(keep));
        for (int i = 0; i < 4; ++i) co_await weft::yield_now();
    }(kept));
    loop.close();
}

TEST(stream, a_second_reader_is_refused) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const auto read = [](weft::stream& s) -> weft::task<std::string> { co_return co_await s.read(100); };
        auto first = weft::create_task(read(server));
        co_await settle();
        EXPECT_THROW(co_await server.read_line(), weft::invalid_state_error);
        co_await client.write("for the first");
        EXPECT_EQ(co_await first, "for the first");
    });
}

TEST(stream, a_second_reader_is_refused_too_when_the_first_is_ready_and_has_not_run) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        const auto read = [](weft::stream& s) -> weft::task<std::string> { co_return co_await s.read_until("\n"); };
        auto first = weft::create_task(read(server));
        co_await settle();
        static_cast<void>(client.write("line\n"));
        bool refused = false;
        // Polls before the first reader runs: this task is made ready ahead of it in every turn.
        while (!first.done() && !refused) {
            if (!server.buffered().empty()) {
                try {
                    co_await server.read(1);
                } catch (const weft::invalid_state_error&) {
                    refused = true;
                }
            }
            co_await weft::yield_now();
        }
        EXPECT_EQ(co_await first, "line\n");
    });
}

TEST(stream, a_writer_waits_above_the_high_watermark_and_goes_on_at_the_low_one) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(1024);
        const std::string big(64 << 20, 'x');
        const auto write = [](weft::stream& s, const std::string& text) -> weft::task<> { co_await s.write(text); };
        auto writing = weft::create_task(write(client, big));
        co_await settle();
        EXPECT_FALSE(writing.done());
        EXPECT_GT(client.write_buffer_size(), 64u * 1024);
        EXPECT_FALSE(client.try_write("no room"));
        auto draining = weft::create_task([&s = client]() -> weft::task<> { co_await s.drain(); });
        std::size_t count = 0;
        while (count < big.size()) count += (co_await server.read(1 << 20)).size();
        co_await writing;
        co_await draining;
        EXPECT_LE(client.write_buffer_size(), 16u * 1024);
        EXPECT_TRUE(client.try_write("room\n"));
        EXPECT_EQ(co_await server.read_line(), "room");
    });
}

TEST(stream, writes_of_several_tasks_are_whole_and_in_order) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(4096);
        const auto write = [](weft::stream& s, char c) -> weft::task<> {
            for (int i = 0; i < 20; ++i) co_await s.write(std::string(50'000, c) + std::to_string(i) + "\n");
        };
        std::vector<weft::task_handle<>> writers;
        for (const char c : {'a', 'b', 'c'}) writers.push_back(weft::create_task(write(client, c)));
        std::string left(50'000, ' ');
        int next[3] = {};
        for (int i = 0; i < 60; ++i) {
            const std::string line = co_await server.read_exactly(50'000);
            EXPECT_EQ(line, std::string(50'000, line[0]));
            EXPECT_EQ(co_await server.read_line(), std::to_string(next[line[0] - 'a']++));
        }
        co_await weft::gather(std::move(writers));
    });
}

TEST(stream, a_cancelled_write_has_sent_everything_all_the_same) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(1024);
        const auto write = [](weft::stream& s) -> weft::task<> { co_await s.write(std::string(64 << 20, 'x') + "\n"); };
        auto writing = weft::create_task(write(client));
        co_await settle();
        EXPECT_TRUE(writing.cancel());
        EXPECT_THROW(co_await writing, weft::cancelled_error);
        co_await server.read_exactly(64 << 20);
        EXPECT_EQ(co_await server.read_line(), "");
    });
}

TEST(stream, reading_ahead_pauses_at_twice_the_limit_and_goes_on_when_there_is_room) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(1024);
        std::string big;
        while (big.size() < (16u << 20)) big += std::to_string(big.size()) + ",";
        static_cast<void>(client.write(big));
        co_await settle();
        const std::size_t ahead = server.buffered().size();
        EXPECT_GE(ahead, 2u * 1024);
        EXPECT_LE(ahead, 2u * 1024 + 512 * 16 * 1024);  // and what had left the socket already
        EXPECT_GT(client.write_buffer_size(), 0u);  // the rest fills the sockets and then waits with the sender
        co_await settle();
        EXPECT_EQ(server.buffered().size(), ahead);
        EXPECT_TRUE(co_await server.read_exactly(big.size()) == big);
    });
}

TEST(stream, write_limits_can_be_set) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(1024);
        EXPECT_THROW(client.set_write_buffer_limits(10, 11), std::invalid_argument);
        client.set_write_buffer_limits(0);
        const auto write = [](weft::stream& s) -> weft::task<> { co_await s.write(std::string(64 << 20, 'x')); };
        auto writing = weft::create_task(write(client));
        co_await settle();
        EXPECT_FALSE(writing.done());
        co_await server.read_exactly(64 << 20);
        co_await writing;
        EXPECT_EQ(client.write_buffer_size(), 0u);
        client.set_write_buffer_limits(128 << 20, 0);
        co_await client.write(std::string(64 << 20, 'y'));  // all of it is below the mark
        EXPECT_GT(client.write_buffer_size(), 0u);
        co_await server.read_exactly(64 << 20);
    });
}

TEST(stream, may_be_given_away_in_the_expression_that_reads_from_it) {
    run([]() -> weft::task<> {
        const auto use = [](std::optional<std::string> line, weft::stream s) -> weft::task<std::string> {
            co_await s.close();
            co_return line.value_or("");
        };
        auto [client, server] = co_await connect_streams();
        co_await client.write("line\n");
        EXPECT_EQ(co_await use(co_await server.read_line(), std::move(server)), "line");
    });
}

TEST(stream, what_follows_urgent_data_is_not_forgotten) {
    run([]() -> weft::task<> {
        weft::future<weft::stream> accepted;
        const auto keep = [&accepted](weft::stream s) -> weft::task<> {
            accepted.set_result(std::move(s));
            co_return;
        };
        auto listening = co_await weft::start_server(keep, "127.0.0.1", 0);
        const weft::unique_fd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(listening.port());
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
        co_await weft::done_awaiter(accepted.state());
        auto server = co_await std::move(accepted);
        EXPECT_EQ(::send(peer.get(), "abc", 3, 0), 3);
        EXPECT_EQ(::send(peer.get(), "x", 1, MSG_OOB), 1);
        EXPECT_EQ(::send(peer.get(), "def", 3, 0), 3);
        EXPECT_EQ(co_await server.read_exactly(6), "abcdef");
    });
}

}  // namespace
