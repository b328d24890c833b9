// SPDX-License-Identifier: Apache-2.0
#include "http/server/host_list.hpp"

#include "http/talk.hpp"
#if WEFT_WITH_TLS
#include "tls/secured.hpp"
#endif

#include <gmock/gmock.h>

#include <stdexcept>

using namespace weft_test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

TEST(host_name, is_without_port_and_last_dot) {
    EXPECT_EQ(http::host_name("example.org"), "example.org");
    EXPECT_EQ(http::host_name("example.org.:8000"), "example.org");
    EXPECT_EQ(http::host_name("[::1]:80"), "[::1]");
    EXPECT_EQ(http::host_name("[::1]"), "[::1]");
    EXPECT_EQ(http::host_name(""), "");
}

TEST(host_list, allows_names_and_what_is_below_them) {
    const http::host_list hosts({"example.org", "*.example.net", "[::1]"});
    for (const char* const yes : {"example.org", "EXAMPLE.org", "a.example.net", "a.b.example.NET", "[::1]"})
        EXPECT_TRUE(hosts.allows(yes)) << yes;
    for (const char* const no :
         {"", "a.example.org", "example.net", ".example.net", "notexample.org", "evil-example.net", "[::2]", "org"})
        EXPECT_FALSE(hosts.allows(no)) << no;
    EXPECT_TRUE(http::host_list({}).empty());
}

TEST(host_list, refuses_what_is_no_host) {
    for (const char* const wrong :
         {"", "*", "*.", "example.org:80", "http://example.org", "a b", "a.*.org", "::1", "example.org."})
        EXPECT_THROW(http::host_list({wrong}), std::invalid_argument) << wrong;
}

TEST(http_server, serves_the_hosts_that_it_is_told) {
    with_server(hello, {.hosts = {"a", "*.b"}}, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("GET / HTTP/1.1\r\nHost: A:8000\r\n\r\n"), EndsWith("hello\n"));
        EXPECT_THAT(co_await c.ask("POST / HTTP/1.1\r\nHost: evil\r\nContent-Length: 3\r\n\r\nabc"),
                    StartsWith("HTTP/1.1 421 Misdirected Request\r\n"));
        EXPECT_THAT(co_await c.ask("GET http://x.b/ HTTP/1.1\r\nHost: x.b\r\n\r\n"), EndsWith("hello\n"));
        EXPECT_THAT(co_await c.ask("GET / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 421 "));
    });
}

TEST(http_server, says_so_to_a_client_that_speaks_tls_where_there_is_none) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        using namespace std::string_view_literals;
        EXPECT_THAT(co_await c.ask("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"sv), HasSubstr("this is TLS"));
        EXPECT_THAT(co_await c.hear(), "");
    });
}

#if WEFT_WITH_TLS

/// Over TLS that was begun for `name`.
std::string answer_over_tls(std::string name, std::string asked, http::server_options options = {}) {
    std::string heard;
    with_server(hello, std::move(options), [&](http::server& s) -> task<> {
        auto [client, served] = weft::testing::memory_stream_pair();
        const auto serving = weft::create_task([](http::server& by, weft::stream to) -> task<> {
            co_await start_server_side(to, server_context());
            co_await by.serve_connection(std::move(to));
        }(s, std::move(served)));
        co_await start_client_side(client, client_context(), std::move(name));
        co_await client.write(asked);
        heard = co_await client.read(4096);
        co_await client.close();
        co_await serving;
    });
    return heard;
}

TEST(http_server, answers_for_the_host_whose_certificate_it_has_shown) {
    const std::string localhost = "GET / HTTP/1.1\r\nHost: LocalHost:8443\r\n\r\n",
                      other = "GET / HTTP/1.1\r\nHost: other\r\n\r\n";
    EXPECT_THAT(answer_over_tls("localhost", localhost), EndsWith("hello\n"));
    EXPECT_THAT(answer_over_tls("localhost", other), StartsWith("HTTP/1.1 421 "));
    EXPECT_THAT(answer_over_tls("127.0.0.1", other), EndsWith("hello\n"));  // without SNI
    EXPECT_THAT(answer_over_tls("localhost", other, {.trusted_proxies = {"unix"}}), EndsWith("hello\n"));
}

#endif

}  // namespace
