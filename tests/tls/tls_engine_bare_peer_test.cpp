// SPDX-License-Identifier: Apache-2.0
// Against OpenSSL itself, which does what no stream of ours would: changes keys in mid-stream, renegotiates, resumes
// sessions of TLS 1.2, breaks off.
#include "tls/bare_peer.hpp"
#include "tls/tls_engine.hpp"

#include <openssl/err.h>

using namespace weft_test;
using testing::HasSubstr;
using weft::tls_errc;

namespace {

TEST(keys, may_be_changed_by_the_peer_while_we_write) {
    run([]() -> weft::task<> {
        for (const bool at_once : {true, false}) {
            auto m = co_await meet(server_context(), TLS1_3_VERSION, at_once);
            const std::string part(50'000, 'x');
            std::string received;
            for (int i = 0; i < 20; ++i) {
                co_await m->server.write(part);
                SSL_key_update(m->client->get(), SSL_KEY_UPDATE_REQUESTED);
                m->client->write("ping\n");
                m->client->carry(i % 2 ? 1 : std::string::npos);
                EXPECT_EQ(co_await m->server.read_line(), "ping");
                received += m->client->read();
            }
            for (int i = 0; i < 50; ++i) {
                m->client->carry();
                received += m->client->read();
            }
            EXPECT_EQ(received.size(), 20 * part.size());
        }
    });
}

TEST(keys, changed_in_pieces_hold_up_a_write_only_until_the_rest_has_come) {
    run([]() -> weft::task<> {
        auto m = co_await meet(server_context(), TLS1_3_VERSION);
        SSL_set_max_send_fragment(m->client->get(), 512);
        SSL_key_update(m->client->get(), SSL_KEY_UPDATE_REQUESTED);
        m->client->write("ping\n");
        const std::string out = said_by(m->client->get());
        for (std::size_t i = 0; i < out.size(); ++i) {
            bring(*m->w.server.sink, std::string_view(out).substr(i, 1));
            co_await m->server.write("y");
        }
        EXPECT_EQ(co_await m->server.read_line(), "ping");
        m->client->carry();
        m->client->carry();
        EXPECT_EQ(m->client->read(), std::string(out.size(), 'y'));
    });
}

TEST(renegotiation, is_refused_and_the_connection_goes_on) {
    run([]() -> weft::task<> {
        auto m = co_await meet(server_context(), TLS1_2_VERSION);
        EXPECT_EQ(m->server.tls()->version, "TLSv1.2");
        EXPECT_EQ(SSL_renegotiate(m->client->get()), 1);
        SSL_do_handshake(m->client->get());
        m->client->carry();
        m->client->carry();
        EXPECT_FALSE(SSL_session_reused(m->client->get()));
        ERR_clear_error();
        EXPECT_LE(SSL_do_handshake(m->client->get()), 0);  // a warning: no_renegotiation
        EXPECT_TRUE(m->server.tls());
        co_await m->server.write("on\n");
        EXPECT_FALSE(m->w.server.on_the_way.empty());
    });
}

TEST(a_session, is_resumed_by_our_server_in_either_version) {
    run([]() -> weft::task<> {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            const auto context = server_context();
            auto first = co_await meet(context, version);
            EXPECT_FALSE(first->server.tls()->session_resumed);
            EXPECT_EQ(first->server.tls()->server_name, "localhost");
            first->client->read();  // which takes the tickets
            const weft::ssl_session_ptr session(SSL_get1_session(first->client->get()));
            SSL_shutdown(first->client->get());
            auto second = co_await meet(context, version, true, session.get());
            EXPECT_TRUE(second->server.tls()->session_resumed);
            EXPECT_EQ(second->server.tls()->server_name, "localhost");
            EXPECT_EQ(SSL_session_reused(second->client->get()), 1);
            auto elsewhere = co_await meet(server_context(), version, true, session.get());
            EXPECT_FALSE(elsewhere->server.tls()->session_resumed);
        }
    });
}

TEST(an_alert, ends_the_stream_and_is_named) {
    run([]() -> weft::task<> {
        auto m = co_await meet(server_context(), TLS1_3_VERSION);
        m->client->write("last words");
        m->client->carry();
        // What our server sends is damaged on its way: the client breaks off.
        co_await m->server.write("x");
        m->w.server.on_the_way.back() ^= 1;
        m->client->carry();
        m->client->read();
        m->client->carry();
        EXPECT_EQ(co_await m->server.read(100), "last words");
        const auto why =
            co_await thrown_by<weft::tls_error>([](weft::stream& s) -> weft::task<> { co_await s.read(1); }(m->server));
        EXPECT_EQ(why.code(), tls_errc::refused_by_peer);
        EXPECT_THAT(why.what(), HasSubstr("TLS with wire:1:"));
        EXPECT_THAT(why.what(), HasSubstr("alert bad record mac"));
    });
}

TEST(close_notify, is_sent_once_and_after_everything) {
    run([]() -> weft::task<> {
        for (const bool at_once : {true, false}) {
            auto m = co_await meet(server_context(), TLS1_3_VERSION, at_once);
            const std::string big(300'000, 'x');
            static_cast<void>(m->server.write(big));
            m->server.write_eof();
            auto closing = weft::create_task([](weft::stream& s) -> weft::task<> { co_await s.close(); }(m->server));
            std::string received;
            for (int i = 0; i < 20; ++i) {
                m->client->carry();
                received += m->client->read();
                co_await weft::yield_now();
            }
            EXPECT_EQ(received, big);
            EXPECT_EQ(SSL_get_shutdown(m->client->get()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
            EXPECT_FALSE(closing.done());
            SSL_shutdown(m->client->get());
            m->client->carry();
            co_await closing;
            EXPECT_TRUE(m->w.server.destroyed);
            EXPECT_FALSE(m->w.server.was_reset);
        }
    });
}

TEST(openssls_queue_of_errors, holds_none_of_a_handshake_that_whoever_chooses_the_context_has_refused) {
    run([]() -> weft::task<> {
        const auto context =
            server_context({.choose_context = [](const std::string&) -> std::optional<weft::tls_context> {
                throw std::out_of_range("no such host here");
            }});
        wire w;
        auto s = wire::stream_at(w.server_end);
        const bare_client client(w.server);
        auto accepting = weft::create_task(start_server_side(s, context));
        co_await weft::yield_now();
        SSL_do_handshake(client.get());
        ERR_clear_error();
        bring(*w.server.sink, said_by(client.get()));
        EXPECT_EQ(ERR_peek_error(), 0u);
        EXPECT_THROW(co_await accepting, std::out_of_range);
    });
}

TEST(openssls_queue_of_errors, holds_none_of_an_end_that_came_too_early) {
    struct nowhere final : weft::tls_engine::output {
        bool on_ciphertext(std::span<const std::byte>) noexcept override { return true; }
    } to;
    weft::tls_engine engine(weft::tls_context_core::of(client_context()), "localhost", "somebody", to);
    engine.handshake();
    engine.end();
    EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
