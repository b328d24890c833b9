// SPDX-License-Identifier: Apache-2.0
// Peers that send what carries no data without an end, or for us to keep.
#include "tls/bare_peer.hpp"

#include <openssl/err.h>

using namespace weft_test;
using testing::EndsWith;
using testing::HasSubstr;
using weft::tls_errc;

namespace {

TEST(a_client, keeps_few_of_the_sessions_that_a_server_floods_it_with) {
    run([]() -> weft::task<> {
        visit v;
        co_await v.begin();
        for (int i = 0; i < 500; ++i) {
            SSL_new_session_ticket(v.server.get());
            SSL_do_handshake(v.server.get());
            if (i % 25 == 0) SSL_write(v.server.get(), "-", 1);
        }
        SSL_write(v.server.get(), "well\n", 5);
        v.carry();
        EXPECT_THAT((co_await v.client.read_line()).value(), EndsWith("-well"));
        EXPECT_EQ(v.kept(), 4);
    });
}

TEST(a_client, keeps_no_session_whose_ticket_is_large) {
    run([]() -> weft::task<> {
        const auto add = [](SSL* ssl, void* bytes) {
            return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), bytes, *static_cast<std::size_t*>(bytes));
        };
        for (const std::size_t kib : {8, 17, 60}) {
            visit v;
            std::vector<std::size_t> data(kib * 1024 / sizeof(std::size_t), kib * 1024);
            SSL_CTX_set_session_ticket_cb(v.own->get(), add, nullptr, data.data());
            co_await v.begin();
            SSL_write(v.server.get(), "well\n", 5);
            v.carry();
            EXPECT_EQ(co_await v.client.read_line(), "well");
            EXPECT_EQ(v.kept(), kib == 8 ? 2 : 0);
        }
    });
}

weft::task<> read_on(weft::stream& s) { co_await s.read_all(); }

/// What ends a stream of ours that was flooded, and that the peer was told by an alert.
weft::task<> expect_broken_off(weft::stream& s) {
    const auto why = co_await thrown_by<weft::tls_error>(read_on(s));
    EXPECT_EQ(why.code(), tls_errc::protocol_error);
    EXPECT_THAT(why.what(), HasSubstr("TLS with wire:1: more than 32 records in a row without data"));
}
std::string alert_heard_by(SSL* ssl) {
    char none[1];
    ERR_clear_error();
    EXPECT_LE(SSL_read(ssl, none, 1), 0);
    return ERR_reason_error_string(ERR_get_error());
}

TEST(a_server, that_offers_sessions_again_and_again_and_says_nothing_is_broken_off) {
    run([]() -> weft::task<> {
        visit v;
        co_await v.begin();
        for (int i = 0; i < 33; ++i) {
            SSL_new_session_ticket(v.server.get());
            SSL_do_handshake(v.server.get());
        }
        v.carry();
        co_await expect_broken_off(v.client);
    });
}

TEST(a_peer, that_changes_its_keys_again_and_again_and_says_nothing_is_broken_off) {
    run([]() -> weft::task<> {
        for (const int kind : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
            for (const std::size_t piece : {std::size_t(1), std::string::npos}) {
                auto m = co_await meet(server_context(), TLS1_3_VERSION);
                m->client->carry();
                for (int i = 0; i < 3; ++i) {
                    update_keys(m->client->get(), 32, kind);
                    m->client->write("well\n");
                    m->client->carry(piece);
                    EXPECT_EQ(co_await m->server.read_line(), "well");
                    EXPECT_EQ(m->client->read(), "");
                }
                update_keys(m->client->get(), 33, kind);
                m->client->write("too late\n");
                m->client->carry(piece);
                EXPECT_TRUE(m->server.buffered().empty());
                co_await expect_broken_off(m->server);
                EXPECT_THAT(alert_heard_by(m->client->get()), EndsWith("alert unexpected message"));
            }
        }
    });
}

TEST(a_server, that_asks_again_and_again_for_renegotiation_and_says_nothing_is_broken_off) {
    run([]() -> weft::task<> {
        visit v;
        co_await v.begin(TLS1_2_VERSION);
        SSL_clear_options(v.server.get(), SSL_OP_NO_RENEGOTIATION);
        const auto ask = [&v](int count) {
            for (int i = 0; i < count; ++i) {
                EXPECT_EQ(SSL_renegotiate(v.server.get()), 1);
                SSL_do_handshake(v.server.get());
            }
        };
        ask(32);
        SSL_write(v.server.get(), "well\n", 5);
        v.carry();
        EXPECT_EQ(co_await v.client.read_line(), "well");
        ask(33);
        v.carry();
        co_await expect_broken_off(v.client);
    });
}

}  // namespace
