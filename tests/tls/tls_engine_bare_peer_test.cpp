// SPDX-License-Identifier: Apache-2.0
// Against OpenSSL itself, which does what no stream of ours would: changes keys in mid-stream, renegotiates, resumes
// sessions of TLS 1.2, breaks off.
#include "tls/secured.hpp"

#include <openssl/err.h>

using namespace weft_test;
using testing::HasSubstr;
using weft::tls_errc;

namespace {

/// A client at the other end of a wire from a stream of ours.
class bare_client {
public:
    explicit bare_client(wire_end::state& theirs, int version = TLS1_3_VERSION, SSL_SESSION* resumed = nullptr)
        : theirs_(theirs), context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_.get())) {
        SSL_set_min_proto_version(ssl_.get(), version);
        SSL_set_max_proto_version(ssl_.get(), version);
        SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_connect_state(ssl_.get());
        if (resumed) SSL_set_session(ssl_.get(), resumed);
    }
    SSL* get() const { return ssl_.get(); }

    /// What it has to say reaches our stream, in pieces; what our stream has said reaches it.
    void carry(std::size_t piece = std::string::npos) {
        const char* bytes = nullptr;
        const long size = BIO_get_mem_data(SSL_get_wbio(get()), &bytes);
        const std::string out(bytes, static_cast<std::size_t>(size));
        static_cast<void>(BIO_reset(SSL_get_wbio(get())));
        for (std::size_t at = 0; at < out.size() && theirs_.sink; at += std::min(piece, out.size() - at)) {
            bring(*theirs_.sink, std::string_view(out).substr(at, piece));
        }
        if (std::exchange(theirs_.owes_sent, false)) theirs_.sink->on_sent(0);
        const std::string in = std::exchange(theirs_.on_the_way, {});
        if (!in.empty()) BIO_write(SSL_get_rbio(get()), in.data(), static_cast<int>(in.size()));
    }
    weft::task<> handshake() {
        for (int i = 0; i < 20; ++i) {
            SSL_do_handshake(get());
            carry();
            co_await weft::yield_now();
        }
    }
    void write(std::string_view text) { SSL_write(get(), text.data(), static_cast<int>(text.size())); }
    std::string read() {
        std::string all;
        char part[20'000];
        for (int n = 0; (n = SSL_read(get(), part, sizeof part)) > 0;) all.append(part, static_cast<std::size_t>(n));
        return all;
    }

private:
    wire_end::state& theirs_;
    weft::ssl_context_ptr context_;
    weft::ssl_ptr ssl_;
};

/// Our server, having shaken hands with such a client.
struct meeting {
    wire w;
    weft::stream server;
    std::unique_ptr<bare_client> client;
};
weft::task<std::unique_ptr<meeting>> meet(weft::tls_context context, int version, bool at_once = true,
                                          SSL_SESSION* resumed = nullptr) {
    auto m = std::make_unique<meeting>();
    m->w.server.takes_at_once = at_once;
    m->server = m->w.stream_at(m->w.server_end);
    m->client = std::make_unique<bare_client>(m->w.server, version, resumed);
    auto accepting = weft::create_task(start_server_side(m->server, context));
    co_await m->client->handshake();
    co_await accepting;
    co_return m;
}

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
        const char* bytes = nullptr;
        const long size = BIO_get_mem_data(SSL_get_wbio(m->client->get()), &bytes);
        const std::string out(bytes, static_cast<std::size_t>(size));
        static_cast<void>(BIO_reset(SSL_get_wbio(m->client->get())));
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
            first->client->read();  // which takes the tickets
            const weft::ssl_session_ptr session(SSL_get1_session(first->client->get()));
            SSL_shutdown(first->client->get());
            auto second = co_await meet(context, version, true, session.get());
            EXPECT_TRUE(second->server.tls()->session_resumed);
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

}  // namespace
