// SPDX-License-Identifier: Apache-2.0
// OpenSSL itself at the other end of a wire from a stream of ours.
#pragma once

#include "tls/secured.hpp"
#include "tls/tls_context_core.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace weft_test {

/// What OpenSSL has to say, which our stream was not given yet.
inline std::string said_by(SSL* ssl) {
    const char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl), &bytes);
    std::string out(bytes, static_cast<std::size_t>(size));
    static_cast<void>(BIO_reset(SSL_get_wbio(ssl)));
    return out;
}

inline void update_keys(SSL* ssl, int count, int kind = SSL_KEY_UPDATE_REQUESTED) {
    for (int i = 0; i < count; ++i) {
        SSL_key_update(ssl, kind);
        SSL_do_handshake(ssl);
    }
}

/// A client at the other end of a wire from a stream of ours.
class bare_client {
public:
    explicit bare_client(wire_end::state& theirs, int version = TLS1_3_VERSION, SSL_SESSION* resumed = nullptr)
        : theirs_(theirs), context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_.get())) {
        SSL_set_min_proto_version(ssl_.get(), version);
        SSL_set_max_proto_version(ssl_.get(), version);
        SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_connect_state(ssl_.get());
        SSL_set_tlsext_host_name(ssl_.get(), "localhost");
        if (resumed) SSL_set_session(ssl_.get(), resumed);
    }
    SSL* get() const { return ssl_.get(); }

    /// What it has to say reaches our stream, in pieces; what our stream has said reaches it.
    void carry(std::size_t piece = std::string::npos) {
        const std::string out = said_by(get());
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
inline weft::task<std::unique_ptr<meeting>> meet(weft::tls_context context, int version, bool at_once = true,
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

/// Our client, having shaken hands with OpenSSL's server at the other end of its wire.
struct visit {
    wire w;
    weft::tls_context context = client_context();
    std::shared_ptr<weft::tls_context_core> own = weft::tls_context_core::of(server_context());
    weft::ssl_ptr server;
    weft::stream client;

    /// What the server has to say reaches our client, and what that has to say the server.
    void carry() {
        const auto out = said_by(server.get());
        if (!out.empty() && w.client.sink) bring(*w.client.sink, out);
        const auto in = std::exchange(w.client.on_the_way, {});
        if (!in.empty()) BIO_write(SSL_get_rbio(server.get()), in.data(), static_cast<int>(in.size()));
    }
    weft::task<> begin(int version = TLS1_3_VERSION) {
        server.reset(SSL_new(own->get()));
        SSL_set_max_proto_version(server.get(), version);
        SSL_set_bio(server.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(server.get());
        client = wire::stream_at(w.client_end);
        auto connecting = weft::create_task(start_client_side(client, context, "localhost"));
        for (int i = 0; i < 4; ++i) {
            co_await weft::yield_now();
            carry();
            SSL_do_handshake(server.get());
        }
        carry();
        co_await connecting;
    }
    /// How many sessions the client has kept.
    int kept() const {
        const auto core = weft::tls_context_core::of(context);
        int count = 0;
        while (count < 500 && core->sessions().take("localhost wire:1")) ++count;
        return count;
    }
};

}  // namespace weft_test
