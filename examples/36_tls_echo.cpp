// SPDX-License-Identifier: Apache-2.0
// An echo server over TLS and its client. Nothing but the two contexts tells it from the one over TCP. The second
// connection resumes the session of the first; the third begins in plaintext and goes over to TLS in mid-stream.
//
//     context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
//     context.load_cert_chain(certificate, key)
//     server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
#include "localhost_certificate.hpp"

#include <weft/weft.hpp>

#include <cstdio>
#include <string>

weft::tls_context server_context() {
    return weft::tls_context::server({.certificate_pem = localhost_certificate, .key_pem = localhost_key},
                                     {.alpn_protocols = {"echo"}});
}

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) {
        const bool upgrades = *line == "starttls";
        co_await s.write(upgrades ? "go ahead\n" : *line + "\n");
        // What has come in and was not read yet belongs to the handshake: nothing can be slipped in before it.
        if (upgrades) co_await s.start_tls(server_context());
    }
}

weft::task<> say(weft::stream& s, std::string text) {
    co_await s.write(text + "\n");
    const auto reply = co_await s.read_line();
    const auto tls = s.tls();
    std::printf("%-8s -> %-8s %s\n", text.c_str(), reply.value_or("nothing").c_str(),
                !tls                   ? "in plaintext"
                : tls->session_resumed ? "over TLS, resumed"
                                       : ("over " + tls->version + ", " + tls->alpn_protocol).c_str());
}

weft::task<> main_task() {
    const auto context = weft::tls_context::client({.ca_pem = localhost_certificate, .alpn_protocols = {"echo"}});
    auto server = co_await weft::start_server(echo, "127.0.0.1", 0, {.tls = server_context()});
    for (int i = 0; i < 2; ++i) {
        auto s = co_await weft::open_connection("localhost", server.port(), {.tls = context});
        co_await say(s, "hello");
        co_await s.close();  // tells the peer that this was all, and waits for its answer
    }

    auto plain = co_await weft::start_server(echo, "127.0.0.1", 0);
    auto s = co_await weft::open_connection("localhost", plain.port());
    co_await say(s, "starttls");
    co_await s.start_tls(context, {.server_hostname = "localhost"});
    co_await say(s, "secret");
    co_await s.close();
}

int main() { weft::run(main_task()); }
