// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client.hpp>

#if WEFT_WITH_TLS

#include "http/scripted_server.hpp"
#include "tls/secured.hpp"

#include <gmock/gmock.h>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

/// The same over TLS, with the certificate of "localhost".
script secured(script inner) {
    return [inner = std::move(inner)](weft::stream s) -> task<> {
        co_await s.start_tls(server_context({.alpn_protocols = {"http/1.1"}}));
        co_await inner(std::move(s));
    };
}

/// A proxy that lets everybody through, to a server that follows `inner`.
script tunnelled(script inner, std::shared_ptr<std::vector<std::string>> heard) {
    return [=](weft::stream s) -> task<> {
        heard->push_back(co_await s.read_until("\r\n\r\n"));
        co_await s.write("HTTP/1.1 200 Connection established\r\nContent-Length: 7\r\n\r\n");
        co_await inner(std::move(s));
    };
}

http::client_options trusting() { return {.tls = client_context({.alpn_protocols = {"http/1.1"}})}; }

TEST(http_client_tls, verifies_and_keeps_connections) {
    const auto heard = std::make_shared<std::vector<std::string>>();
    with_scripts({secured(answering({ok("a"), ok("b")}, heard, false))}, trusting(),
                 [&](http::client& c, scripted_server& s) -> task<> {
                     for (const std::string expected : {"a", "b"}) {
                         http::client_response r = co_await c.get("https://localhost/x");
                         EXPECT_EQ(co_await r.text(), expected);
                     }
                     EXPECT_THAT(s.connected_to, ElementsAre("https://localhost:443"));
                     EXPECT_THAT(heard->at(0), StartsWith("GET /x HTTP/1.1\r\nHost: localhost\r\n"));
                 });
}

TEST(http_client_tls, refuses_another_hosts_certificate) {
    with_scripts({secured(answering({ok("a")}))}, trusting(), [](http::client& c, scripted_server& s) -> task<> {
        EXPECT_THROW(co_await c.get("https://example.org/", {.retries = http::retry_policy{.retries = 3}}),
                     weft::tls_error);
        EXPECT_EQ(c.connections(), 0u);
        EXPECT_EQ(s.connected_to.size(), 1u);
    });
}

TEST(http_client_tls, trusts_by_default_whom_the_machine_trusts) {
    with_scripts({secured(answering({ok("a")}))}, [](http::client& c, scripted_server&) -> task<> {
        EXPECT_THROW(co_await c.get("https://localhost/"), weft::tls_error);
    });
}

TEST(http_client_tls, goes_through_a_proxys_tunnel) {
    const auto heard = std::make_shared<std::vector<std::string>>(),
               inside = std::make_shared<std::vector<std::string>>();
    http::client_options options = trusting();
    options.proxy = http::proxy_settings{.https = "http://proxy:3128"};
    with_scripts({tunnelled(secured(answering({ok("a"), ok("b")}, inside, false)), heard)}, std::move(options),
                 [&](http::client& c, scripted_server& s) -> task<> {
                     for (const std::string expected : {"a", "b"}) {
                         http::client_response r = co_await c.get("https://localhost:8443/x");
                         EXPECT_EQ(co_await r.text(), expected);
                     }
                     EXPECT_THAT(s.connected_to, ElementsAre("http://proxy:3128"));
                     EXPECT_THAT(*heard,
                                 ElementsAre("CONNECT localhost:8443 HTTP/1.1\r\nHost: localhost:8443\r\n\r\n"));
                     EXPECT_THAT(inside->at(0), StartsWith("GET /x HTTP/1.1\r\nHost: localhost:8443\r\n"));
                 });
}

TEST(http_client_tls, times_out_in_the_handshake) {
    const script says_nothing = [](weft::stream s) -> task<> {
        weft::stream kept = std::move(s);
        co_await weft::sleep(1h);
    };
    http::client_options options = trusting();
    options.timeouts.tls = 6s;
    with_scripts({says_nothing}, std::move(options), [](http::client& c, scripted_server&) -> task<> {
        try {
            co_await c.get("https://localhost/");
            ADD_FAILURE();
        } catch (const weft::timeout_error& e) {
            EXPECT_STREQ(e.what(), "GET https://localhost/: timed out in the TLS handshake (6 s)");
        }
        EXPECT_EQ(c.connections(), 0u);
    });
}

TEST(http_client_tls, is_not_left_by_a_redirect_unless_that_was_asked_for) {
    const std::string down = "HTTP/1.1 302 Found\r\nLocation: http://localhost/\r\nContent-Length: 0\r\n\r\n";
    with_scripts({secured(answering({down}))}, trusting(), [](http::client& c, scripted_server& s) -> task<> {
        EXPECT_THROW(co_await c.get("https://localhost/"), http::client_error);
        EXPECT_EQ(s.connected_to.size(), 1u);
    });
    http::client_options options = trusting();
    options.allow_downgrade = true;
    const auto heard = std::make_shared<std::vector<std::string>>();
    with_scripts({secured(answering({down})), answering({ok("b")}, heard)}, std::move(options),
                 [&](http::client& c, scripted_server&) -> task<> {
                     http::client_response r =
                         co_await c.get("https://localhost/", {.headers = {{"Authorization", "secret"}}});
                     EXPECT_EQ(co_await r.text(), "b");
                     EXPECT_THAT(heard->at(0), testing::Not(HasSubstr("secret")));
                 });
}

task<> pass_on(weft::stream& from, weft::stream& to) {
    while (weft::chunk bytes = co_await from.read_chunk()) co_await to.write(std::move(bytes));
}

/// Stands between a client and a server, and ends the client's connection after a second.
task<> stand_between(weft::stream client, weft::stream server) {
    co_await weft::move_on_after(
        1s, [&]() -> task<> { co_await weft::gather(pass_on(client, server), pass_on(server, client)); });
    co_await client.close();
}

TEST(http_client_tls, does_not_take_a_body_for_whole_that_was_cut_by_who_stands_between) {
    weft::testing::run([]() -> task<> {
        const script says_and_stays = secured([](weft::stream s) -> task<> {
            co_await s.write("HTTP/1.1 200 OK\r\n\r\nabc");
            co_await weft::sleep(1h);
        });
        http::client_options options = trusting();
        options.connector = [&](const http::origin&) -> task<weft::stream> {
            auto [ours, near] = weft::testing::memory_stream_pair();
            auto [far, theirs] = weft::testing::memory_stream_pair();
            weft::spawn(says_and_stays(std::move(theirs)));
            weft::spawn(stand_between(std::move(near), std::move(far)));
            co_return std::move(ours);
        };
        http::client c(std::move(options));
        http::client_response r = co_await c.get("https://localhost/");
        EXPECT_THROW(co_await r.text(), weft::tls_error);
        EXPECT_EQ(c.connections(), 0u);
    }());
}

}  // namespace

#endif
