// SPDX-License-Identifier: Apache-2.0
// TLS as a stream: bytes in whatever pieces they come, both directions at once, and how each direction ends.
#include "tls/secured.hpp"

#include "tls/tls_layer.hpp"

#include <random>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;
using testing::MatchesRegex;
using weft::tls_errc;

namespace {

using pieces = std::function<std::size_t()>;

/// A handshake, a question and an answer, over a wire that cuts what it carries in pieces.
weft::task<> converse(const weft::tls_context& client, const weft::tls_context& server, pieces cut, bool at_once) {
    wire w;
    w.client.takes_at_once = w.server.takes_at_once = at_once;
    auto c = w.stream_at(w.client_end);
    auto s = w.stream_at(w.server_end);
    const auto ask = [](weft::stream& over, weft::tls_context with) -> weft::task<> {
        co_await over.start_tls(with, {.server_hostname = "localhost"});
        co_await over.write("question\n");
        EXPECT_EQ(co_await over.read_line(), "answer");
        co_await over.write_eof();
        EXPECT_EQ(co_await over.read_line(), std::nullopt);
    };
    const auto answer = [](weft::stream& over, weft::tls_context with) -> weft::task<> {
        co_await over.start_tls(with);
        EXPECT_EQ(co_await over.read_line(), "question");
        co_await over.write("answer\n");
        EXPECT_EQ(co_await over.read_line(), std::nullopt);
        co_await over.write_eof();
    };
    auto asking = weft::create_task(ask(c, client));
    auto answering = weft::create_task(answer(s, server));
    co_await w.carry_all(std::move(cut));
    EXPECT_TRUE(asking.done() && answering.done());
    asking.cancel();
    answering.cancel();
    co_await asking;
    co_await answering;
}

TEST(tls, works_byte_by_byte) {
    run([]() -> weft::task<> {
        for (const bool at_once : {true, false}) {
            co_await converse(client_context(), server_context(), [] { return 1; }, at_once);
        }
    });
}

TEST(tls, works_cut_in_two_at_every_byte) {
    run([]() -> weft::task<> {
        const auto client = client_context({.resume_sessions = false});
        const auto server = server_context();
        for (std::size_t at = 1; at < 1200; ++at) {
            co_await converse(
                client, server,
                [at, first = true]() mutable { return std::exchange(first, !first) ? at : std::string::npos; }, at % 2);
        }
    });
}

TEST(tls, works_in_pieces_of_any_size) {
    run([]() -> weft::task<> {
        std::mt19937 random(1);
        const auto client = client_context();
        const auto server = server_context();
        for (int i = 0; i < 100; ++i) {
            co_await converse(client, server, [&random] { return random() % 300 + 1; }, i % 2);
        }
    });
}

weft::task<> write_all(weft::stream& s, std::string text, std::size_t piece) {
    for (std::size_t at = 0; at < text.size(); at += piece) {
        co_await s.write(std::string_view(text).substr(at, piece));
    }
    co_await s.write_eof();
}
weft::task<std::string> read_all(weft::stream& s) { co_return co_await s.read_all(); }

std::string noise(std::size_t size) {
    std::mt19937_64 random(size);
    std::string text(size, '\0');
    for (std::size_t at = 0; at + 8 <= size; at += 8) {
        const auto word = random();
        std::memcpy(text.data() + at, &word, 8);
    }
    return text;
}

TEST(tls, carries_much_in_both_directions_at_once) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        const std::string there = noise(64 << 20), back = noise((64 << 20) - 5);
        auto [a, b, c, d] = co_await weft::gather(write_all(client, there, 1 << 20), write_all(server, back, 100'000),
                                                  read_all(client), read_all(server));
        EXPECT_TRUE(c == back);
        EXPECT_TRUE(d == there);
    });
}

TEST(tls, carries_writes_of_every_size_around_a_record) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        std::string all;
        for (const std::size_t size : {1u, 16383u, 16384u, 16385u, 32768u, 64511u, 64512u, 64513u, 200000u}) {
            const auto text = noise(size);
            all += text;
            co_await client.write(text);
        }
        std::span<const std::byte> parts[] = {
            std::as_bytes(std::span(all)).first(100'000), {}, std::as_bytes(std::span(all)).subspan(100'000)};
        co_await client.write(parts);
        co_await client.write("");
        client.write_eof();
        EXPECT_TRUE(co_await server.read_all() == all + all);
    });
}

TEST(tls, holds_up_a_writer_whose_peer_reads_nothing) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured(client_context(), server_context(), "localhost", 1024);
        const std::string big = noise(32 << 20);
        auto writing = weft::create_task(
            [](weft::stream& s, const std::string& text) -> weft::task<> { co_await s.write(text); }(client, big));
        co_await settle();
        EXPECT_FALSE(writing.done());
        EXPECT_GT(client.write_buffer_size(), 64u * 1024);
        EXPECT_LT(server.buffered().size(), 256u * 1024);
        EXPECT_TRUE(co_await server.read_exactly(big.size()) == big);
        co_await writing;
    });
}

TEST(tls, half_closed_goes_on_in_the_other_direction) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        co_await client.write("question");
        co_await client.write_eof();
        EXPECT_EQ(co_await server.read_all(), "question");
        EXPECT_TRUE(server.at_eof());
        for (int i = 0; i < 3; ++i) {
            co_await server.write("answer ");
            EXPECT_EQ(co_await client.read_exactly(7), "answer ");
        }
        co_await server.write_eof();
        EXPECT_EQ(co_await client.read_all(), "");
        EXPECT_THROW(static_cast<void>(client.write("more")), weft::invalid_state_error);
        co_await client.close();
        co_await server.close();
    });
}

/// Takes the streams at the ends of a wire to where each is over TLS.
weft::task<> shake_hands(wire& w, weft::stream& client, weft::stream& server) {
    auto connecting = weft::create_task(start_client_side(client, client_context(), "localhost"));
    auto accepting = weft::create_task(start_server_side(server, server_context()));
    co_await w.carry_all();
    co_await connecting;
    co_await accepting;
}

TEST(tls, that_ends_without_close_notify_is_truncated) {
    run([]() -> weft::task<> {
        wire w;
        auto c = w.stream_at(w.client_end);
        auto s = w.stream_at(w.server_end);
        co_await shake_hands(w, c, s);
        co_await c.write("the first half");
        co_await w.carry_all();
        w.server.sink->on_end();
        EXPECT_EQ(co_await s.read_exactly(14), "the first half");  // what came before can be read
        const auto read = [](weft::stream& from) -> weft::task<> { co_await from.read(1); };
        const auto why = co_await thrown_by<weft::tls_error>(read(s));
        EXPECT_EQ(why.code(), tls_errc::truncated);
        EXPECT_THAT(why.what(), HasSubstr("TLS with wire:1: the connection ended without close_notify"));
        EXPECT_THROW(co_await s.read_all(), weft::tls_error);
        EXPECT_THROW(static_cast<void>(s.write("x")), weft::tls_error);
        EXPECT_FALSE(s.at_eof());
    });
}

TEST(tls, after_close_notify_may_be_followed_by_anything) {
    run([]() -> weft::task<> {
        wire w;
        auto c = w.stream_at(w.client_end);
        auto s = w.stream_at(w.server_end);
        co_await shake_hands(w, c, s);
        co_await c.write("all");
        c.write_eof();
        w.client.on_the_way += "and an attacker's";
        co_await w.carry_all();
        bring(*w.server.sink, "noise");
        w.server.sink->on_end();
        EXPECT_EQ(co_await s.read_all(), "all");
        EXPECT_TRUE(s.at_eof());
    });
}

TEST(tls, with_a_byte_changed_on_the_way_fails) {
    run([]() -> weft::task<> {
        wire w;
        auto c = w.stream_at(w.client_end);
        auto s = w.stream_at(w.server_end);
        co_await shake_hands(w, c, s);
        co_await c.write("pay 100 to Bob");
        w.client.on_the_way.back() ^= 1;
        co_await w.carry_all();
        const auto why =
            co_await thrown_by<weft::tls_error>([](weft::stream& f) -> weft::task<> { co_await f.read(1); }(s));
        EXPECT_EQ(why.code(), tls_errc::protocol_error);
        EXPECT_THAT(why.what(), HasSubstr("bad record mac"));
        // The peer is told.
        const auto told =
            co_await thrown_by<weft::tls_error>([](weft::stream& f) -> weft::task<> { co_await f.read(1); }(c));
        EXPECT_EQ(told.code(), tls_errc::refused_by_peer);
        EXPECT_THAT(told.what(), HasSubstr("alert bad record mac"));
    });
}

TEST(tls, a_cancelled_or_destroyed_read_loses_no_byte) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        for (int i = 0; i < 3; ++i) {
            auto reading =
                weft::create_task([](weft::stream& s) -> weft::task<> { co_await s.read_exactly(6); }(server));
            co_await client.write("12345");
            co_await settle();
            reading.cancel();
            EXPECT_THROW(co_await reading, weft::cancelled_error);
            EXPECT_EQ(co_await server.read(100), "12345");
        }
    });
}

TEST(tls, a_cancelled_write_is_sent_all_the_same) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured(client_context(), server_context(), "localhost", 1024);
        const std::string big = noise(16 << 20);
        auto writing = weft::create_task(
            [](weft::stream& s, const std::string& text) -> weft::task<> { co_await s.write(text); }(client, big));
        co_await settle();
        writing.cancel();
        EXPECT_THROW(co_await writing, weft::cancelled_error);
        client.write_eof();
        EXPECT_TRUE(co_await server.read_all() == big);
    });
}

TEST(tls, destroyed_with_unsent_bytes_sends_them_and_close_notify) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured(client_context(), server_context(), "localhost", 1024);
        const std::string big = noise(16 << 20);
        static_cast<void>(client.write(big));
        EXPECT_GT(client.write_buffer_size(), 0u);
        client = weft::stream();
        EXPECT_TRUE(co_await server.read_all() == big);
    });
}

TEST(tls, destroyed_while_a_task_reads_fails_the_read) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        auto reading = weft::create_task([](weft::stream& s) -> weft::task<> { co_await s.read(1); }(server));
        co_await settle();
        server = weft::stream();
        EXPECT_THROW(co_await reading, std::system_error);
        EXPECT_EQ(co_await client.read(1), "");
    });
}

TEST(closing_tls, ends_when_the_peer_has_answered) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        auto closing = weft::create_task([](weft::stream& s) -> weft::task<> { co_await s.close(); }(client));
        co_await settle();
        EXPECT_FALSE(closing.done());
        EXPECT_EQ(co_await server.read(1), "");
        co_await server.write("too late");  // is dropped
        co_await server.close();
        co_await closing;
        EXPECT_FALSE(client.tls());
    });
}

TEST(closing_tls, waits_no_longer_than_the_timeout_of_its_context) {
    run([]() -> weft::task<> {
        for (const auto limit : {30s, 2s}) {
            auto [client, server] = co_await connect_secured(
                limit == 30s ? client_context() : client_context({.shutdown_timeout = limit}), server_context());
            const auto began = weft::get_running_loop().time();
            const auto why = co_await thrown_by<std::system_error>(
                [](weft::stream& s) -> weft::task<> { co_await s.close(); }(client));
            EXPECT_EQ(why.code(), std::errc::timed_out);
            EXPECT_THAT(why.what(), MatchesRegex("TLS with 127.0.0.1:[0-9]+: close_notify was not answered within " +
                                                 std::to_string(limit.count()) + " s: .*"));
            EXPECT_EQ(weft::get_running_loop().time() - began, limit);
            EXPECT_EQ(co_await server.read(1), "");  // close_notify came all the same
        }
    });
}

TEST(closing_tls, with_unsent_bytes_that_nobody_takes_gives_up_after_the_timeout) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured(client_context(), server_context(), "localhost", 1024);
        static_cast<void>(client.write(noise(32 << 20)));
        const auto began = weft::get_running_loop().time();
        const auto why =
            co_await thrown_by<std::system_error>([](weft::stream& s) -> weft::task<> { co_await s.close(); }(client));
        EXPECT_EQ(why.code(), std::errc::timed_out);
        EXPECT_THAT(why.what(), testing::StartsWith("write to 127.0.0.1:"));
        EXPECT_EQ(weft::get_running_loop().time() - began, 30s);
        EXPECT_THROW(co_await server.read_all(), std::system_error);
    });
}

TEST(closing_tls, goes_on_for_as_long_as_the_peer_takes_something) {
    run([]() -> weft::task<> {
        wire w;
        w.client.takes_at_once = false;
        auto c = wire::stream_at(w.client_end);
        auto s = wire::stream_at(w.server_end);
        co_await shake_hands(w, c, s);
        const std::string big = noise(400'000);
        static_cast<void>(c.write(big));
        c = weft::stream();
        auto reading = weft::create_task(read_all(s));
        for (int i = 0; i < 12; ++i) {  // a piece at a time
            co_await weft::sleep(20s);
            w.carry();
        }
        EXPECT_TRUE(co_await reading == big);
        EXPECT_FALSE(w.client.was_reset);
    });
}

TEST(closing_tls, of_both_sides_at_once_ends_at_once) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        const auto began = weft::get_running_loop().time();
        const auto close = [](weft::stream& s) -> weft::task<> { co_await s.close(); };
        co_await weft::gather(close(client), close(server));
        EXPECT_EQ(weft::get_running_loop().time(), began);
    });
}

TEST(closing_tls, does_not_mind_a_peer_that_goes_without_a_word) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        auto closing = weft::create_task([](weft::stream& s) -> weft::task<> { co_await s.close(); }(client));
        co_await settle();
        server.abort();
        co_await closing;
    });
}

TEST(aborting_tls, resets_the_connection) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        client.abort();
        EXPECT_THROW(co_await server.read(1), std::system_error);
        EXPECT_THROW(co_await client.read(1), std::system_error);
    });
}

TEST(tls, says_what_was_agreed_on) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        const auto info = client.tls();
        if (!info) throw std::runtime_error("no TLS");
        EXPECT_EQ(info->version, "TLSv1.3");
        EXPECT_THAT(info->cipher, HasSubstr("TLS_"));
        EXPECT_EQ(info->alpn_protocol, "");
        EXPECT_FALSE(info->session_resumed);
        EXPECT_EQ(info->peer_certificate->subject, "CN=localhost");
        EXPECT_EQ(info->peer_certificate->issuer, "CN=an authority");
        EXPECT_GT(info->peer_certificate->not_after, std::chrono::system_clock::now() + 24h * 29);
        EXPECT_LT(info->peer_certificate->not_before, std::chrono::system_clock::now());
        const auto* der = reinterpret_cast<const unsigned char*>(info->peer_certificate->der.data());
        const weft::x509_ptr again(d2i_X509(nullptr, &der, static_cast<long>(info->peer_certificate->der.size())));
        EXPECT_TRUE(again);
        EXPECT_EQ(server.tls()->server_name, "localhost");
        EXPECT_EQ(server.peer(), client.local());
    });
}

}  // namespace
