// SPDX-License-Identifier: Apache-2.0
// Whether a client of ours believes a server.
#pragma once

#include "tls/secured.hpp"

namespace weft_test {

/// What a client says that asks for `host` and meets a server with this certificate.
inline weft::task<weft::tls_error> refusal(pem_pair own, std::string host = "localhost",
                                           weft::tls_client_options options = {}) {
    auto both = co_await connect_streams();
    auto accepting =
        weft::create_task(thrown_by<weft::tls_error>(start_server_side(both.server, server_context({}, own))));
    auto why = co_await thrown_by<weft::tls_error>(start_client_side(both.client, client_context(options), host));
    const auto servers = co_await accepting;
    EXPECT_EQ(servers.code(), weft::tls_errc::refused_by_peer);
    EXPECT_THAT(servers.what(), testing::HasSubstr("alert"));
    co_return why;
}

inline void refuses(const pem_pair& own, weft::tls_errc code, const std::string& text,
                    const std::string& host = "localhost", const weft::tls_client_options& options = {}) {
    run([&]() -> weft::task<> {
        const auto why = co_await refusal(own, host, options);
        EXPECT_EQ(why.code(), code);
        EXPECT_THAT(why.what(), testing::HasSubstr("TLS handshake with 127.0.0.1:"));
        EXPECT_THAT(why.what(), testing::HasSubstr(text));
    });
}

inline void accepts(const pem_pair& own, const std::string& host, const weft::tls_client_options& options = {}) {
    run([&]() -> weft::task<> {
        auto both = co_await connect_secured(client_context(options), server_context({}, own), host);
        co_await both.client.write("well\n");
        EXPECT_EQ(co_await both.server.read_line(), "well");
    });
}

}  // namespace weft_test
