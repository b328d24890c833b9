// SPDX-License-Identifier: Apache-2.0
// The handshake, as a server answers it; and our client with our server.
#include "../../examples/localhost_certificate.hpp"
#include "http/websocket/websocket_deflate.hpp"
#include "http/websocket_session.hpp"

#include <weft/http/server.hpp>
#include <weft/net/server.hpp>
#include <weft/tls/tls_error.hpp>

#include <gmock/gmock.h>

using namespace weft_test;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

namespace {

weft::task<> echo(http::websocket ws) {
    while (auto message = co_await ws.receive()) {
        message->is_text ? co_await ws.send_text(message->data) : co_await ws.send_binary(message->data);
    }
}

http::handler accepting(http::websocket_options options = {}, weft::task<> (*talks)(http::websocket) = echo) {
    return [=](http::request& r) -> weft::task<http::response> { co_return http::accept_websocket(r, talks, options); };
}

const std::string request = "GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// What the server answers to the request with these fields more, up to the end of the head.
weft::task<std::string> answer_to(std::string text, http::websocket_options options = {}) {
    http::server server(accepting(options));
    auto [client, own] = weft::testing::memory_stream_pair();
    auto serving = weft::create_task(server.serve_connection(std::move(own)));
    co_await client.write(text + "\r\n");
    std::string head = co_await client.read_until("\r\n\r\n");
    client.abort();
    co_await serving;
    co_return head;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    return text.replace(text.find(what), what.size(), by);
}

TEST(websocket_accept, switches_protocols) {
    run([]() -> weft::task<> {
        const std::string head = co_await answer_to(request);
        EXPECT_THAT(head, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
        EXPECT_THAT(head, HasSubstr("Upgrade: websocket\r\n"));
        EXPECT_THAT(head, HasSubstr("Connection: Upgrade\r\n"));
        EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        EXPECT_THAT(head, Not(HasSubstr("Extensions")));
    });
}

TEST(websocket_accept, refuses_what_is_no_handshake) {
    run([]() -> weft::task<> {
        const struct {
            const char *what, *by, *status;
        } table[] = {
            {"GET", "POST", "400"},
            {"HTTP/1.1", "HTTP/1.0", "400"},
            {"Upgrade: websocket", "Upgrade: h2c", "400"},
            {"Upgrade: websocket\r\n", "", "400"},
            {"Connection: Upgrade", "Connection: keep-alive", "400"},
            {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400"},
            {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", "400"},
            {"Sec-WebSocket-Version: 13\r\n", "", "400"},
            {"Version: 13", "Version: 8", "426"},
            {"Version: 13", "Version: 13\r\nSec-WebSocket-Extensions: a b", "400"},
            {"Version: 13", "Version: 13\r\nSec-WebSocket-Protocol: a b", "400"},
            {"Version: 13", "Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "400"},
            {"Version: 13", "Version: 13\r\nOrigin: https://evil.net", "403"},
            {"Version: 13", "Version: 13\r\nOrigin: null", "403"},
            {"Version: 13", "Version: 13\r\nOrigin: https://example.org\r\nOrigin: https://evil.net", "403"},
        };
        for (const auto& [what, by, status] : table) {
            const std::string head = co_await answer_to(replaced(request, what, by));
            EXPECT_THAT(head, StartsWith(std::string("HTTP/1.1 ") + status)) << what << " -> " << by;
            EXPECT_EQ(head.contains("Sec-WebSocket-Version: 13\r\n"), std::string_view(status) == "426");
        }
    });
}

TEST(websocket_accept, pages_of_the_same_host_and_of_those_allowed) {
    run([]() -> weft::task<> {
        EXPECT_THAT(co_await answer_to(request + "Origin: https://example.org\r\n"), HasSubstr(" 101 "));
        EXPECT_THAT(
            co_await answer_to(request + "Origin: https://app.net\r\n", {.allowed_origins = {"https://app.net"}}),
            HasSubstr(" 101 "));
    });
}

TEST(websocket_accept, the_subprotocol_that_the_server_likes_best) {
    run([]() -> weft::task<> {
        const http::websocket_options two{.subprotocols = {"b", "c"}};
        EXPECT_THAT(co_await answer_to(request + "Sec-WebSocket-Protocol: c, b\r\n", two),
                    HasSubstr("Sec-WebSocket-Protocol: b\r\n"));
        EXPECT_THAT(co_await answer_to(request + "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: c\r\n", two),
                    HasSubstr("Protocol: c\r\n"));
        EXPECT_THAT(co_await answer_to(request + "Sec-WebSocket-Protocol: a\r\n", two),
                    Not(HasSubstr("Sec-WebSocket-Protocol")));
    });
}

TEST(websocket_accept, frames_may_come_with_the_request) {
    run([]() -> weft::task<> {
        http::server server(accepting());
        auto [client, own] = weft::testing::memory_stream_pair();
        auto serving = weft::create_task(server.serve_connection(std::move(own)));
        co_await client.write(request + "\r\n" + from_client(fin | text, "early") +
                              from_client(fin | closing, code(1000)));
        co_await client.read_until("\r\n\r\n");
        EXPECT_EQ(co_await client.read_all(),
                  from_server(fin | text, "early") + from_server(fin | closing, code(1000)));
        co_await client.close();
        co_await serving;
    });
}

/// What the client is told at the end, without saying anything itself.
weft::task<std::string> goodbye_of(weft::task<> (*talks)(http::websocket), bool cancels = false) {
    http::server server(accepting({}, talks));
    auto [client, own] = weft::testing::memory_stream_pair();
    auto serving = weft::create_task(server.serve_connection(std::move(own)));
    co_await client.write(request + "\r\n");
    co_await client.read_until("\r\n\r\n");
    if (cancels) serving.cancel();
    const auto frame = co_await read_frame(client);
    if (!cancels) co_await client.write(from_client(fin | closing, frame.second));
    EXPECT_EQ(co_await client.read_all(), "");
    co_await client.close();
    try {
        co_await serving;
    } catch (const std::runtime_error&) {
    } catch (const weft::cancelled_error&) {
    }
    co_return frame.second;
}

TEST(websocket_accept, who_talks_need_not_say_goodbye) {
    run([]() -> weft::task<> {
        EXPECT_EQ(co_await goodbye_of([](http::websocket) -> weft::task<> { co_return; }), code(1000));
        EXPECT_EQ(co_await goodbye_of([](http::websocket) -> weft::task<> {
                      throw std::runtime_error("oops");
                      co_return;
                  }),
                  code(1011));
        EXPECT_EQ(co_await goodbye_of(echo, true), code(1001));
    });
}

TEST(websocket_connect, our_client_with_our_server) {
    run([]() -> weft::task<> {
        for (const bool keeps : {false, true}) {
            http::websocket_options options{.subprotocols = {"echo"}};
            options.compression.keep_context = keeps;
            http::server server(accepting(options), {.port = 0});
            co_await server.start();
            auto ws = co_await http::connect_websocket(
                "ws://127.0.0.1:" + std::to_string(server.port()) + "/chat?room=1",
                {.websocket = options, .headers = {{"Origin", "http://127.0.0.1:" + std::to_string(server.port())}}});
            EXPECT_EQ(ws.subprotocol(), "echo");
            EXPECT_EQ(ws.is_compressed(), http::has_deflate);
            for (const std::size_t size : {0, 1, 255, 256, 5000, 70000, 1000000}) {
                const std::string text(size, 'x');
                co_await ws.send_text(text);
                const auto message = co_await ws.receive();
                EXPECT_TRUE(message && message->data == text) << size;
            }
            co_await ws.close();
            EXPECT_EQ(ws.close_code(), 1000);
            server.close();
            co_await server.wait_closed();
        }
    });
}

#if WEFT_WITH_TLS
TEST(websocket_connect, over_tls) {
    run([]() -> weft::task<> {
        http::server server(accepting(), {.port = 0,
                                          .tls = weft::tls_context::server(
                                              {.certificate_pem = localhost_certificate, .key_pem = localhost_key})});
        co_await server.start();
        const std::string url = "wss://localhost:" + std::to_string(server.port()) + "/";
        auto ws = co_await http::connect_websocket(
            url, {.tls = weft::tls_context::client({.ca_pem = localhost_certificate})});
        const std::string text(100000, 'x');
        co_await ws.send_text(text);
        EXPECT_EQ(co_await text_of(ws), text);
        co_await ws.close();
        EXPECT_EQ(ws.close_code(), 1000);
        try {
            co_await http::connect_websocket(url);
            ADD_FAILURE() << "a certificate that nobody vouches for";
        } catch (const weft::tls_error&) {
        }
        server.close();
        co_await server.wait_closed();
    });
}
#endif

/// How a client takes that answer to its request.
weft::task<std::string> client_takes(std::string answer, http::websocket_connect_options options = {}) {
    auto server = co_await weft::start_server(
        [answer](weft::stream s) -> weft::task<> {
            co_await s.read_until("\r\n\r\n");
            co_await s.write(answer);
            co_await s.read_all();
        },
        "127.0.0.1", 0);
    std::string how = "connected";
    try {
        auto ws = co_await http::connect_websocket("ws://127.0.0.1:" + std::to_string(server.port()) + "/", options);
    } catch (const http::http_error& e) {
        how = "status " + std::to_string(to_number(e.status()));
    } catch (const http::websocket_error& e) {
        how = std::to_string(e.close_code());
    } catch (const weft::timeout_error&) {
        how = "timeout";
    }
    server.close();
    co_await server.wait_closed();
    co_return how;
}

TEST(websocket_connect, does_not_take_any_answer) {
    run([]() -> weft::task<> {
        const std::string accepts = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        EXPECT_EQ(co_await client_takes("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), "status 403");
        EXPECT_EQ(co_await client_takes(
                      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
                  "status 404");
        EXPECT_EQ(co_await client_takes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "status 200");
        EXPECT_EQ(co_await client_takes(accepts + "\r\n"), "1002");
        EXPECT_EQ(co_await client_takes(accepts + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
                  "1002");
        EXPECT_EQ(co_await client_takes("nonsense\r\n\r\n"), "1002");
        std::string waits;
        for (int i = 0; i < 30; ++i) waits += "HTTP/1.1 103 Early Hints\r\n\r\n";
        EXPECT_EQ(co_await client_takes(waits + "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "1002");
        EXPECT_EQ(co_await client_takes("HTTP/1.1 101 Switching"), "timeout");
    });
}

TEST(websocket_connect, only_to_what_is_a_websockets_url) {
    run([]() -> weft::task<> {
        for (const char* wrong : {"http://127.0.0.1/", "ws://127.0.0.1/#there", "127.0.0.1", "ws://"}) {
            try {
                co_await http::connect_websocket(wrong);
                ADD_FAILURE() << wrong;
            } catch (const std::invalid_argument&) {
            }
        }
    });
}

}  // namespace
