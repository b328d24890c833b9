// SPDX-License-Identifier: Apache-2.0
// Our HTTP client, and nginx as the server.
#include "net/nginx.hpp"

#include <weft/http/client.hpp>

#if WEFT_WITH_TLS
#include "tls/secured.hpp"
#endif

using namespace weft_test;
using testing::AllOf;
using testing::HasSubstr;
namespace http = weft::http;

namespace {

/// nginx with these directives in its server, and the URL of its root.
struct visited_nginx {
    explicit visited_nginx(const std::string& directives)
        : port(server.listen()), url("http://127.0.0.1:" + std::to_string(port)) {
        server.start("server {\nlisten 127.0.0.1:" + std::to_string(port) + ";\n" + directives + "\n}");
    }
    nginx server;
    std::uint16_t port;
    std::string url;
};

TEST(http_client_and_nginx, go_on_on_one_connection) {
    run_with_nginx([]() -> weft::task<> {
        visited_nginx there("location / { return 200 \"$connection_requests $request_uri $http_user_agent\"; }");
        http::client client({.base_url = there.url});
        for (int i = 1; i <= 10; ++i) {
            http::client_response r = co_await client.get("/page?" + std::to_string(i));
            EXPECT_EQ(co_await r.text(), std::to_string(i) + " /page?" + std::to_string(i) + " weft");
        }
    });
}

TEST(http_client_and_nginx, notice_when_it_ends_an_idle_connection) {
    run_with_nginx([]() -> weft::task<> {
        visited_nginx there("keepalive_requests 2; location / { return 200 \"$connection_requests\"; }");
        http::client client({.base_url = there.url});
        std::string all;
        for (int i = 0; i < 6; ++i) {
            http::client_response r = co_await client.get("/");
            all += co_await r.text();
        }
        EXPECT_EQ(all, "121212");
    });
}

TEST(http_client_and_nginx, take_large_files_by_length_and_compressed_ones_in_chunks) {
    run_with_nginx([]() -> weft::task<> {
        visited_nginx there(
            "gzip on; gzip_types text/plain; gzip_min_length 1; location /plain/ { gzip off; alias ./; } location / { }");
        const std::string text = varied_text(3'000'017);
        there.server.write("large.txt", text);
        http::client client({.base_url = there.url});
        http::client_response zipped = co_await client.get("/large.txt");
        EXPECT_EQ(zipped.header("Content-Encoding"), WEFT_WITH_ZLIB ? "gzip" : "");
        EXPECT_TRUE(co_await zipped.text() == text);
        http::client_response plain = co_await client.get("/large.txt", {.headers = {{"Accept-Encoding", "identity"}}});
        EXPECT_EQ(plain.content_length(), text.size());
        EXPECT_EQ(co_await plain.save(there.server / "saved"), text.size());
        EXPECT_TRUE(co_await weft::read_file(there.server / "saved") == text);
        http::client_response part = co_await client.get("/large.txt", {.headers = {{"Range", "bytes=-5"}}});
        EXPECT_EQ(part.status(), http::status::partial_content);
        EXPECT_EQ(co_await part.text(), text.substr(text.size() - 5));
        EXPECT_EQ(client.connections(), 1u);
    });
}

TEST(http_client_and_nginx, redirect_and_refuse) {
    run_with_nginx([]() -> weft::task<> {
        visited_nginx there(
            "location /old { return 301 /new?$args; } location /new { return 200 \"$request_method $args\"; }"
            "location /large { client_max_body_size 1k; proxy_pass http://127.0.0.1:1; }");
        http::client client({.base_url = there.url});
        http::client_response moved = co_await client.post("/old?a=b", "hello");
        EXPECT_EQ(co_await moved.text(), "GET a=b");
        http::client_response missing = co_await client.head("/none");
        EXPECT_EQ(missing.status(), http::status::not_found);
        EXPECT_THROW(missing.raise_for_status(), http::http_error);
        http::client_response large = co_await client.post("/large", std::string(5'000'000, 'x'));
        EXPECT_EQ(large.status(), http::status::content_too_large);
        const auto endless = [](http::body_writer& to) -> weft::task<> {
            for (;;) co_await to.write(std::string(10000, 'x'));
        };
        http::client_response endless_one = co_await client.post("/large", http::request_body::stream(endless));
        EXPECT_EQ(endless_one.status(), http::status::content_too_large);
    });
}

TEST(http_client_and_nginx, pass_through_it_as_a_forward_proxy) {
    run_with_nginx([]() -> weft::task<> {
        visited_nginx there("location / { return 200 \"$host $request $http_proxy_authorization\"; }");
        http::client client(
            {.proxy = http::proxy_settings{.http = "http://a:b@127.0.0.1:" + std::to_string(there.port)}});
        http::client_response r = co_await client.get("http://example.org/x");
        EXPECT_EQ(co_await r.text(), "example.org GET http://example.org/x HTTP/1.1 Basic YTpi");
    });
}

#if WEFT_WITH_TLS
TEST(http_client_and_nginx, speak_tls_and_no_certificate_is_taken_on_trust) {
    run_with_nginx([]() -> weft::task<> {
        nginx server;
        const std::string port = std::to_string(server.listen());
        server.write("server.pem", the_server().certificate);
        server.write("server.key", the_server().key);
        server.start("server {\nlisten 127.0.0.1:" + port +
                     " ssl;\nssl_certificate server.pem;\nssl_certificate_key server.key;\n"
                     "location / { return 200 \"$scheme $ssl_server_name $http_host\"; }\n}");
        http::client trusting({.tls = client_context({.alpn_protocols = {"http/1.1"}})});
        http::client_response r = co_await trusting.get("https://localhost:" + port + "/");
        EXPECT_EQ(co_await r.text(), "https localhost localhost:" + port);
        http::client by_default;
        EXPECT_THROW(co_await by_default.get("https://localhost:" + port + "/"), weft::tls_error);
        EXPECT_EQ(by_default.connections(), 0u);
    });
}
#endif

}  // namespace
