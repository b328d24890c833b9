// SPDX-License-Identifier: Apache-2.0
// What OpenSSL refuses to encrypt: whoever writes hears why in OpenSSL's words, as whoever reads does.
#include "io/stream_handover.hpp"
#include "io/transport_core.hpp"
#include "tls/secured_protocols.hpp"

using namespace weft_test;
using testing::MatchesRegex;
using weft::tls_errc;

namespace {

constexpr const char* said = "TLS with 127.0.0.1:[0-9]+: protocol is shutdown.*";

weft::task<> write_to(weft::stream& s) { co_await s.write("x"); }
weft::task<> read_from(weft::stream& s) { co_await s.read(1); }
weft::stream_layer& layer_of(const weft::stream& s) { return *weft::stream_handover::core(s).layer(); }

TEST(a_write_that_openssl_refuses, says_why_and_so_does_a_read) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        layer_of(client).end();  // behind its close_notify OpenSSL takes nothing
        co_await settle();
        for (auto* const attempt : {write_to, write_to, read_from}) {
            const auto why = co_await thrown_by<weft::tls_error>(attempt(client));
            EXPECT_EQ(why.code(), tls_errc::protocol_error);
            EXPECT_THAT(why.what(), MatchesRegex(said));
        }
    });
}

TEST(a_write_that_openssl_refuses, while_another_is_on_its_way_says_why_with_the_next_one) {
    run([]() -> weft::task<> {
        wire w;
        auto c = wire::stream_at(w.client_end);
        auto s = wire::stream_at(w.server_end);
        auto accepting = weft::create_task(start_server_side(s, server_context()));
        auto connecting = weft::create_task(start_client_side(c, client_context(), "localhost"));
        co_await w.carry_all();
        co_await accepting;
        co_await connecting;
        w.client.takes_at_once = false;
        co_await c.write("first");
        layer_of(c).end();
        co_await c.write("second");
        co_await w.carry_all();
        for (auto* const attempt : {write_to, read_from}) {
            const auto why = co_await thrown_by<weft::tls_error>(attempt(c));
            EXPECT_THAT(why.what(), testing::HasSubstr("TLS with wire:1: protocol is shutdown"));
        }
    });
}

TEST(a_write_that_openssl_refuses, of_tls_in_tls_says_why_as_well) {
    run([]() -> weft::task<> {
        auto [client, server] = co_await connect_secured();
        weft::stream_layer& outer = layer_of(client);
        auto accepting = weft::create_task(start_server_side(server, server_context()));
        co_await start_client_side(client, client_context(), "localhost");
        co_await accepting;
        outer.end();
        co_await settle();
        EXPECT_THAT((co_await thrown_by<weft::tls_error>(write_to(client))).what(), MatchesRegex(said));
    });
}

TEST(a_write_that_openssl_refuses, of_a_transport_ends_it_and_says_why) {
    run([]() -> weft::task<> {
        auto both = co_await connect_protocols(co_await connect_secured());
        const auto t = both.client->transport;
        weft::transport_core::of(t).layer()->end();
        t.write("x");
        co_await t.wait_closed();
        EXPECT_EQ(both.at_client->next(), "lost:");
        EXPECT_THAT(both.client->why, MatchesRegex(std::string("tls: ") + said));
    });
}

}  // namespace
