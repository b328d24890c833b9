// SPDX-License-Identifier: Apache-2.0
// How the two directions of a stream end, over sockets and over a layer that does as it is told.
#include "io/connected.hpp"
#include "io/told_layer.hpp"

#include <algorithm>
#include <span>

using namespace weft_test;

namespace {

weft::stream told_stream(told_layer::state& told, const weft::stream_limits& limits = {}) {
    return weft::stream(
        std::make_unique<weft::stream_core>(weft::get_running_loop(), std::make_unique<told_layer>(told), limits));
}

TEST(stream_layer, is_given_what_it_does_not_take_at_once_and_then_what_came_meanwhile) {
    run([]() -> weft::task<> {
        told_layer::state told{.takes = 3};
        auto s = told_stream(told);
        co_await s.write("abcdef");
        EXPECT_EQ(told.sent, "abc");
        EXPECT_EQ(told.sending, "def");
        co_await s.write("ghi");
        co_await s.write("jkl");
        EXPECT_EQ(told.sending, "def");  // one at a time
        EXPECT_EQ(s.write_buffer_size(), 9u);
        told.complete_send();
        EXPECT_EQ(told.sending, "ghijkl");
        told.complete_send();
        EXPECT_EQ(told.sent, "abcdefghijkl");
        EXPECT_EQ(s.write_buffer_size(), 0u);
    });
}

TEST(stream_layer, a_write_that_fails_at_once_throws_at_the_call_and_ever_after) {
    run([]() -> weft::task<> {
        told_layer::state told{.takes = -EPIPE};
        auto s = told_stream(told);
        EXPECT_THROW(static_cast<void>(s.write("x")), std::system_error);
        EXPECT_THROW(static_cast<void>(s.write("x")), std::system_error);
        EXPECT_THROW(s.write_eof(), std::system_error);
        told.receive("still readable");
        EXPECT_EQ(co_await s.read(100), "still readable");
        EXPECT_THROW(co_await s.close(), std::system_error);  // not everything was sent
        EXPECT_TRUE(told.destroyed);
    });
}

TEST(stream_layer, a_send_that_fails_wakes_the_writers_with_the_error) {
    run([]() -> weft::task<> {
        told_layer::state told;
        auto s = told_stream(told, {.write_high_bytes = 1, .write_low_bytes = 0});
        const auto write = [](weft::stream& to) -> weft::task<> { co_await to.write("xyz"); };
        auto first = weft::create_task(write(s));
        auto second = weft::create_task(write(s));
        co_await weft::yield_now();
        EXPECT_FALSE(first.done());
        told.complete_send(ECONNRESET);
        EXPECT_THROW(co_await first, std::system_error);
        EXPECT_THROW(co_await second, std::system_error);
        EXPECT_EQ(told.sending, "");
    });
}

TEST(stream_layer, write_eof_ends_the_direction_after_the_last_byte) {
    run([]() -> weft::task<> {
        told_layer::state told;
        auto s = told_stream(told);
        co_await s.write("last");
        auto ended = s.write_eof();
        EXPECT_FALSE(told.ended);
        EXPECT_THROW(static_cast<void>(s.write("more")), weft::invalid_state_error);
        EXPECT_THROW(static_cast<void>(s.try_write("more")), weft::invalid_state_error);
        told.complete_send();
        EXPECT_TRUE(told.ended);
        co_await ended;
        co_await s.write_eof();  // again: nothing
        told.receive("reply");
        EXPECT_EQ(co_await s.read(100), "reply");
    });
}

TEST(stream_layer, close_waits_for_what_is_unsent_and_says_what_could_not_be_sent) {
    run([]() -> weft::task<> {
        told_layer::state told;
        auto s = told_stream(told);
        co_await s.write("unsent");
        auto closing = weft::create_task([&s]() -> weft::task<> { co_await s.close(); });
        co_await weft::yield_now();
        EXPECT_TRUE(s.is_closing());
        EXPECT_FALSE(told.receiving);
        EXPECT_FALSE(told.destroyed);
        EXPECT_THROW(static_cast<void>(s.write("more")), weft::invalid_state_error);
        told.complete_send(EPIPE);
        EXPECT_THROW(co_await closing, std::system_error);
        EXPECT_TRUE(told.destroyed);
        EXPECT_EQ(s.peer().host, "told");
        EXPECT_EQ(s.local(), weft::address());
    });
}

TEST(stream_layer, reading_pauses_at_twice_the_limit_unless_a_reader_wants_more) {
    run([]() -> weft::task<> {
        told_layer::state told;
        auto s = told_stream(told, {.read_bytes = 4});
        told.receive("1234567");
        EXPECT_TRUE(told.receiving);
        told.receive("8");
        EXPECT_FALSE(told.receiving);
        const auto read = [](weft::stream& from) -> weft::task<std::string> {
            co_return co_await from.read_exactly(9);
        };
        auto reading = weft::create_task(read(s));
        co_await weft::yield_now();
        EXPECT_TRUE(told.receiving);
        told.receive("9");
        EXPECT_EQ(co_await reading, "123456789");
        EXPECT_TRUE(told.receiving);  // there is room again
    });
}

TEST(half_close, leaves_the_other_direction_open) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        co_await client.write("question");
        co_await client.write_eof();
        EXPECT_EQ(co_await server.read_all(), "question");
        co_await server.write("answer");
        co_await server.write_eof();
        EXPECT_EQ(co_await client.read_all(), "answer");
        EXPECT_TRUE(server.at_eof());
        EXPECT_FALSE(server.is_closing());
    });
}

TEST(half_close, of_both_sides_at_once_with_much_unsent_loses_nothing) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        for (weft::stream* s : {&client, &server}) {
            static_cast<void>(s->write(std::string(16 << 20, 'x')));
            s->write_eof();
        }
        const auto read = [](weft::stream& from) -> weft::task<std::size_t> {
            co_return (co_await from.read_all()).size();
        };
        const auto [a, b] = co_await weft::gather(read(client), read(server));
        EXPECT_EQ(a, 16u << 20);
        EXPECT_EQ(b, 16u << 20);
    });
}

TEST(closing, a_stream_destroyed_with_unsent_bytes_sends_them_all) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(1024);
        static_cast<void>(client.write(std::string(64 << 20, 'x')));
        EXPECT_GT(client.write_buffer_size(), 0u);
        client = weft::stream();
        EXPECT_EQ((co_await server.read_all()).size(), 64u << 20);
    });
}

TEST(closing, is_awaited_until_everything_is_sent) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams(1024);
        static_cast<void>(client.write(std::string(64 << 20, 'x')));
        auto closing = weft::create_task([&c = client]() -> weft::task<> { co_await c.close(); });
        co_await settle();
        EXPECT_FALSE(closing.done());
        EXPECT_TRUE(client.is_closing());
        EXPECT_EQ((co_await server.read_all()).size(), 64u << 20);
        co_await closing;
        co_await client.close();
        EXPECT_THROW(static_cast<void>(client.write("x")), weft::invalid_state_error);
        EXPECT_THROW(co_await client.read(1), std::system_error);
    });
}

TEST(closing, with_bytes_unsent_that_nobody_takes_ends_when_the_peer_resets) {
    run([]() -> weft::task<> {
        auto [client, server] = connect_sockets();
        auto s = make_stream(std::move(client));
        static_cast<void>(s.write(std::string(64 << 20, 'x')));
        auto closing = weft::create_task([&s]() -> weft::task<> { co_await s.close(); });
        co_await weft::yield_now();
        reset(server);
        EXPECT_THROW(co_await closing, std::system_error);
    });
}

TEST(abort, resets_the_connection_and_fails_whoever_waits) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_streams();
        static_cast<void>(client.write(std::string(64 << 20, 'x')));
        const auto read = [](weft::stream& s) -> weft::task<> { co_await s.read(1); };
        const auto drain = [](weft::stream& s) -> weft::task<> { co_await s.drain(); };
        auto reading = weft::create_task(read(client));
        auto draining = weft::create_task(drain(client));
        co_await settle();
        client.abort();
        EXPECT_TRUE(client.is_closing());
        for (auto* waiting : {&reading, &draining}) {
            try {
                co_await *waiting;
                ADD_FAILURE();
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_aborted);
            }
        }
        EXPECT_EQ(client.write_buffer_size(), 0u);
        EXPECT_THROW(co_await server.read_all(), std::system_error);
        client.abort();
    });
}

TEST(stream, what_was_written_last_is_sent_before_the_loop_closes) {
    std::uint16_t port = 0;
    const auto listener = listen_on_loopback(port);
    weft::run([](std::uint16_t at) -> weft::task<> {
        auto s = co_await weft::open_connection("127.0.0.1", at);
        co_await s.write("last ");
        co_await s.write("words");
    }(port));
    const weft::unique_fd peer(::accept(listener.get(), nullptr, nullptr));
    char text[32];
    const auto count = ::recv(peer.get(), text, sizeof text, MSG_WAITALL);
    EXPECT_EQ(std::string_view(text, static_cast<std::size_t>(std::max<long>(count, 0))), "last words");
}

TEST(stream_layer, that_loses_output_fails_who_waits_for_the_answer) {
    run([]() -> weft::task<> {
        told_layer::state told{.takes = 0};
        {
            auto s = told_stream(told);
            co_await s.write("a question");
            auto answer = weft::create_task([](weft::stream& from) -> weft::task<> { co_await from.read(1); }(s));
            co_await weft::yield_now();
            told.complete_send(ENOBUFS);
            EXPECT_THROW(co_await answer, std::system_error);
            EXPECT_FALSE(told.receiving);
        }
        EXPECT_TRUE(told.reset);  // the peer must not take what it has got for all
    });
}

TEST(stream_layer, that_ends_after_output_was_lost_has_not_ended_well) {
    run([]() -> weft::task<> {
        told_layer::state told{.takes = 0};
        auto s = told_stream(told);
        co_await s.write("a question");
        told.complete_send(ECONNRESET);
        told.receive("before");
        told.sink->on_end();
        EXPECT_EQ(co_await s.read(100), "before");
        EXPECT_THROW(co_await s.read(100), std::system_error);
    });
}

}  // namespace
