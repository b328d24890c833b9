// SPDX-License-Identifier: Apache-2.0
// Peers that follow the protocol to the letter, to make us work or keep memory for them.
#include "tls/bare_peer.hpp"

#include <sys/socket.h>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::EndsWith;
using testing::HasSubstr;
using weft::tls_errc;

namespace {

constexpr std::size_t one_answer = 27;
constexpr std::size_t kept_at_most = 400 * 1024;  // with what was received before receiving was paused

/// Requests that are to be answered, and between them as little data as may be.
std::string updates_of_keys(SSL* ssl, int count) {
    for (; count > 0; count -= 25) {
        SSL_write(ssl, "-", 1);
        update_keys(ssl, std::min(count, 25));
    }
    return said_by(ssl);
}

TEST(a_peer, that_asks_for_answers_and_reads_none_is_not_listened_to_until_it_does) {
    run([]() -> weft::task<> {
        auto m = co_await meet(server_context(), TLS1_3_VERSION);
        m->client->carry();
        EXPECT_EQ(m->client->read(), "");  // the tickets
        m->w.server.takes_at_once = false;
        auto reading = weft::create_task([](weft::stream& s) -> weft::task<std::optional<std::string>> {
            co_return co_await s.read_line();
        }(m->server));
        co_await weft::yield_now();
        std::size_t asked = 0;
        while (m->w.server.receiving && asked < 8 * kept_at_most) {
            bring(*m->w.server.sink, updates_of_keys(m->client->get(), 100));
            asked += 100 * one_answer;
        }
        EXPECT_FALSE(m->w.server.receiving);
        EXPECT_GT(asked, 128 * 1024);
        EXPECT_LT(asked, kept_at_most);  // the answers are as long
        std::size_t answered = 0;
        for (int i = 0; i < 4; ++i) {  // the peer reads them, and is listened to again
            m->client->carry();
            answered += BIO_ctrl_pending(SSL_get_rbio(m->client->get()));
            EXPECT_EQ(m->client->read(), "");
        }
        EXPECT_EQ(answered + one_answer, asked);  // the last goes with what is sent next
        EXPECT_TRUE(m->w.server.receiving);
        m->client->write("well\n");
        m->client->carry();
        EXPECT_THAT((co_await reading).value(), EndsWith("-well"));
        static_cast<void>(m->server.write("and you"));
        m->client->carry();
        EXPECT_EQ(m->client->read(), "and you");
    });
}

TEST(a_peer, that_is_not_listened_to_does_not_hold_up_closing_beyond_the_timeout) {
    run([]() -> weft::task<> {
        auto m = co_await meet(server_context({.shutdown_timeout = 5s}), TLS1_3_VERSION);
        m->client->carry();
        m->w.server.takes_at_once = false;
        while (m->w.server.receiving) bring(*m->w.server.sink, updates_of_keys(m->client->get(), 100));
        const auto before = weft::get_running_loop().time();
        try {
            co_await m->server.close();
            ADD_FAILURE();
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), std::errc::timed_out);
        }
        EXPECT_EQ(weft::get_running_loop().time() - before, 5s);
        EXPECT_TRUE(m->w.server.was_reset);
    });
}

TEST(a_peer, that_is_not_listened_to_may_read_while_we_close) {
    run([]() -> weft::task<> {
        auto m = co_await meet(server_context(), TLS1_3_VERSION);
        m->client->carry();
        m->w.server.takes_at_once = false;
        while (m->w.server.receiving) bring(*m->w.server.sink, updates_of_keys(m->client->get(), 100));
        auto closing = weft::create_task([](weft::stream& s) -> weft::task<> { co_await s.close(); }(m->server));
        co_await weft::yield_now();
        EXPECT_FALSE(m->w.server.receiving);
        SSL_shutdown(m->client->get());
        const auto farewell = said_by(m->client->get());
        for (int i = 0; i < 4; ++i) {
            m->client->carry();
            m->client->read();
        }
        EXPECT_EQ(SSL_get_shutdown(m->client->get()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
        EXPECT_TRUE(m->w.server.receiving);
        EXPECT_FALSE(closing.done());
        bring(*m->w.server.sink, farewell);
        co_await closing;
        EXPECT_TRUE(m->w.server.destroyed);
    });
}

TEST(a_peer, that_goes_on_sending_after_the_end_is_listened_to_no_more) {
    run([]() -> weft::task<> {
        for (const bool by_close_notify : {true, false}) {
            auto m = co_await meet(server_context({.shutdown_timeout = 5s}), TLS1_3_VERSION);
            if (by_close_notify) {
                SSL_shutdown(m->client->get());
                m->client->carry();
                EXPECT_EQ(co_await m->server.read(1), "");
            } else {
                bring(*m->w.server.sink, std::string(100, 'x'));
                EXPECT_THROW(co_await m->server.read(1), weft::tls_error);
            }
            EXPECT_TRUE(m->w.server.receiving);  // for the end of the connection
            const std::string flood(32 * 1024, 'x');
            std::size_t sent = 0;
            for (; m->w.server.receiving && sent < 4u << 20; sent += flood.size()) bring(*m->w.server.sink, flood);
            EXPECT_FALSE(m->w.server.receiving);
            EXPECT_LT(sent, 256u * 1024);
            if (by_close_notify) {
                static_cast<void>(m->server.write("still"));
                m->client->carry();
                EXPECT_EQ(m->client->read(), "still");
                co_await m->server.close();
            }
        }
    });
}

/// Sends what a socket takes. @return how much that was
std::size_t send_some(const weft::unique_fd& fd, std::string_view text) {
    const auto count = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
}
/// Gives OpenSSL what has come. @return how much that was
std::size_t receive_some(const weft::unique_fd& fd, SSL* ssl) {
    char part[16'384];
    const auto count = ::recv(fd.get(), part, sizeof part, MSG_DONTWAIT);
    if (count <= 0) return 0;
    BIO_write(SSL_get_rbio(ssl), part, static_cast<int>(count));
    return static_cast<std::size_t>(count);
}

weft::task<> some_turns() {
    for (int i = 0; i < 10; ++i) co_await weft::yield_now();
}

TEST(a_peer, that_asks_for_answers_over_a_socket_and_reads_none_is_held_up_until_it_does) {
    run([]() -> weft::task<> {
        int ends[2];  // which drop nothing, so that nothing waits for a timer of the kernel's
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        const int small = 16 * 1024;
        for (const int end : ends) ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        sockets both{.client = weft::unique_fd(ends[0]), .server = weft::unique_fd(ends[1])};
        auto server = make_stream(std::move(both.server));
        wire_end::state unused;
        const bare_client client(unused);
        auto accepting = weft::create_task(start_server_side(server, server_context()));
        for (int i = 0; i < 1000 && (!accepting.done() || SSL_in_init(client.get())); ++i) {
            SSL_do_handshake(client.get());
            send_all(both.client, said_by(client.get()));
            co_await some_turns();
            receive_some(both.client, client.get());
        }
        co_await accepting;

        std::size_t asked = 0, sent = 0, answered = 0;
        std::string unsent;
        for (int quiet = 0; quiet < 50 && sent < 8 * kept_at_most;) {
            if (unsent.empty()) {
                unsent = updates_of_keys(client.get(), 200);
                asked += 200 * one_answer;
            }
            const auto count = send_some(both.client, unsent);
            sent += count;
            unsent.erase(0, count);
            quiet = count ? 0 : quiet + 1;
            co_await some_turns();
        }
        EXPECT_GT(sent, 128 * 1024);
        EXPECT_LT(sent, 2 * kept_at_most);  // some of it is in the kernel
        asked -= one_answer;  // the last goes with what is sent next
        SSL_write(client.get(), "well\n", 5);
        unsent += said_by(client.get());
        auto reading = weft::create_task([](weft::stream& s) -> weft::task<std::optional<std::string>> {
            co_return co_await s.read_line();
        }(server));
        char none[1];
        for (int i = 0; i < 10'000 && !(reading.done() && answered >= asked); ++i) {
            unsent.erase(0, send_some(both.client, unsent));
            answered += receive_some(both.client, client.get());
            EXPECT_LE(SSL_read(client.get(), none, 1), 0);
            co_await some_turns();
        }
        EXPECT_GE(answered, asked);
        EXPECT_THAT((co_await reading).value(), EndsWith("-well"));
    });
}

TEST(a_peer, that_asks_for_renegotiation_and_reads_no_refusal_is_not_listened_to) {
    run([]() -> weft::task<> {
        auto m = co_await meet(server_context(), TLS1_2_VERSION);
        m->client->carry();
        m->w.server.takes_at_once = false;
        std::size_t asked = 0;
        // A client of OpenSSL asks once; a hostile one repeats itself.
        for (int i = 0; i < 20'000 && m->w.server.receiving && !m->server.at_eof(); ++i) {
            if (SSL_renegotiate(m->client->get()) != 1) break;
            SSL_do_handshake(m->client->get());
            const auto hello = said_by(m->client->get());
            if (hello.empty()) break;
            asked += hello.size();
            bring(*m->w.server.sink, hello);
        }
        EXPECT_LT(m->w.server.on_the_way.size(), kept_at_most);
        EXPECT_GT(asked, 0);
    });
}

TEST(a_handshake, with_endless_empty_messages_is_broken_off) {
    run([]() -> weft::task<> {
        wire w;
        auto server = wire::stream_at(w.server_end);
        const bare_client client(w.server);
        auto accepting = weft::create_task(thrown_by<weft::tls_error>(start_server_side(server, server_context())));
        co_await weft::yield_now();
        SSL_do_handshake(client.get());
        bring(*w.server.sink, said_by(client.get()));
        int count = 0;
        for (; count < 1000 && !accepting.done(); ++count) {
            bring(*w.server.sink, std::string_view("\x14\x03\x03\x00\x01\x01", 6));  // change_cipher_spec: for no use
            co_await weft::yield_now();
        }
        EXPECT_LT(count, 100);
        const auto why = co_await accepting;
        EXPECT_EQ(why.code(), tls_errc::protocol_error);
    });
}

TEST(a_handshake, of_a_peer_that_never_comes_to_the_end_of_a_message_ends_with_its_time) {
    run([]() -> weft::task<> {
        wire w;
        auto server = wire::stream_at(w.server_end);
        auto accepting = weft::create_task(
            thrown_by<weft::timeout_error>(start_server_side(server, server_context({.handshake_timeout = 5s}))));
        co_await weft::yield_now();
        const auto before = weft::get_running_loop().time();
        // A client's hello of 16 KiB, a byte a second.
        bring(*w.server.sink, std::string_view("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03", 11));
        for (int i = 0; i < 10 && !accepting.done(); ++i) {
            if (w.server.sink) bring(*w.server.sink, "x");
            co_await weft::sleep(1s);
        }
        EXPECT_THAT((co_await accepting).what(), HasSubstr("not over after 5 s"));
        EXPECT_LE(weft::get_running_loop().time() - before, 6s);
    });
}

TEST(a_handshake, with_a_message_that_is_too_long_is_broken_off_at_its_head) {
    run([]() -> weft::task<> {
        wire w;
        auto server = wire::stream_at(w.server_end);
        auto accepting = weft::create_task(thrown_by<weft::tls_error>(start_server_side(server, server_context())));
        co_await weft::yield_now();
        const std::string head("\x16\x03\x01\x40\x00\x01\xff\xff\xff\x03\x03", 11);
        bring(*w.server.sink, head + std::string(0x4000 - 6, 'x'));
        EXPECT_EQ((co_await accepting).code(), tls_errc::protocol_error);
    });
}

TEST(a_server, takes_no_early_data_and_compresses_nothing) {
    run([]() -> weft::task<> {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            auto m = co_await meet(server_context(), version);
            m->client->carry();
            m->client->read();  // the tickets
            const weft::ssl_session_ptr session(SSL_get1_session(m->client->get()));
            EXPECT_TRUE(SSL_SESSION_is_resumable(session.get()));
            EXPECT_EQ(SSL_SESSION_get_max_early_data(session.get()), 0);
            EXPECT_EQ(SSL_get_current_compression(m->client->get()), nullptr);
        }
    });
}

}  // namespace
