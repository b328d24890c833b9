// SPDX-License-Identifier: Apache-2.0
#include "http/client/client_proxy.hpp"

#include "http/scripted_server.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

using namespace weft_test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

TEST(http_client_proxy, is_sent_whole_requests_of_http) {
    const auto heard = std::make_shared<std::vector<std::string>>();
    const http::proxy_settings settings = {.http = "http://u:p@proxy:3128", .no_proxy = {"direct.org"}};
    with_scripts({answering({ok("1"), ok("2")}, heard, false)}, {.proxy = settings},
                 [&](http::client& c, scripted_server& s) -> task<> {
                     co_await c.get("http://a.org/x?y");
                     co_await c.get("http://b.org:81/");
                     EXPECT_THAT(s.connected_to, ElementsAre("http://proxy:3128"));
                     EXPECT_THAT(heard->at(0), AllOf(StartsWith("GET http://a.org/x?y HTTP/1.1\r\nHost: a.org\r\n"),
                                                     HasSubstr("\r\nProxy-Authorization: Basic dTpw\r\n")));
                     EXPECT_THAT(heard->at(1), StartsWith("GET http://b.org:81/ HTTP/1.1\r\nHost: b.org:81\r\n"));
                 });
    with_scripts({answering({ok("1")}, heard)}, {.proxy = settings},
                 [&](http::client& c, scripted_server& s) -> task<> {
                     co_await c.get("http://www.direct.org/");
                     EXPECT_THAT(s.connected_to, ElementsAre("http://www.direct.org:80"));
                     EXPECT_THAT(heard->at(2), AllOf(StartsWith("GET / HTTP/1.1\r\n"), Not(HasSubstr("Proxy-Auth"))));
                 });
}

TEST(http_client_proxy, is_asked_for_a_tunnel_for_https) {
    const auto heard = std::make_shared<std::vector<std::string>>();
    const http::proxy_settings settings = {.https = "http://u:p@proxy:3128"};
    with_scripts(
        {answering({"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"}, heard)},
        {.proxy = settings}, [&](http::client& c, scripted_server& s) -> task<> {
            try {
                co_await c.get("https://a.org/", {.headers = {{"Authorization", "secret"}}});
                ADD_FAILURE();
            } catch (const http::client_error& e) {
                EXPECT_EQ(e.code(), http::client_errc::proxy_refused);
                EXPECT_STREQ(e.what(),
                             "GET https://a.org/: the proxy proxy:3128 answers 407 Proxy Authentication Required");
            }
            EXPECT_THAT(s.connected_to, ElementsAre("http://proxy:3128"));
            EXPECT_EQ(heard->at(0),
                      "CONNECT a.org:443 HTTP/1.1\r\nHost: a.org:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n");
            EXPECT_EQ(c.connections(), 0u);
        });
}

TEST(http_client_proxy, may_not_speak_for_the_server) {
    const http::proxy_settings settings = {.https = "http://proxy:3128"};
    with_scripts({saying("HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03")}, {.proxy = settings},
                 [](http::client& c, scripted_server&) -> task<> {
                     EXPECT_THROW(co_await c.get("https://a.org/"), http::client_error);
                 });
}

TEST(http_client_proxy, is_not_for_the_hosts_of_the_list) {
    EXPECT_TRUE(http::is_reached_directly("*", "a", 1));
    EXPECT_TRUE(http::is_reached_directly("a.org", "a.org", 80));
    EXPECT_TRUE(http::is_reached_directly("A.org", "x.a.org", 80));
    EXPECT_TRUE(http::is_reached_directly(".a.org", "x.a.org", 80));
    EXPECT_TRUE(http::is_reached_directly("a.org:80", "a.org", 80));
    EXPECT_TRUE(http::is_reached_directly("::1", "::1", 80));
    EXPECT_TRUE(http::is_reached_directly("[::1]:80", "::1", 80));
    EXPECT_TRUE(http::is_reached_directly("127.0.0.1", "127.0.0.1", 80));
    EXPECT_FALSE(http::is_reached_directly("a.org:81", "a.org", 80));
    EXPECT_FALSE(http::is_reached_directly("a.org", "ba.org", 80));
    EXPECT_FALSE(http::is_reached_directly("x.a.org", "a.org", 80));
    EXPECT_FALSE(http::is_reached_directly("", "a.org", 80));
    EXPECT_FALSE(http::is_reached_directly(":80", "a.org", 80));
}

TEST(http_client_proxy, is_read_from_the_environment_when_asked_for) {
    for (const char* name :
         {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"})
        ::unsetenv(name);
    ::setenv("HTTP_PROXY", "http://evil:1", 1);
    EXPECT_EQ(http::proxy_settings::from_environment().http, "");
    ::unsetenv("HTTP_PROXY");
    ::setenv("http_proxy", "proxy:3128", 1);
    ::setenv("ALL_PROXY", "http://other:1", 1);
    ::setenv("no_proxy", "a.org, .b.org ,,", 1);
    const http::proxy_settings found = http::proxy_settings::from_environment();
    EXPECT_EQ(found.http, "http://proxy:3128");
    EXPECT_EQ(found.https, "http://other:1");
    EXPECT_THAT(found.no_proxy, ElementsAre("a.org", ".b.org"));
    for (const char* name : {"http_proxy", "ALL_PROXY", "no_proxy"}) ::unsetenv(name);
}

TEST(http_client_proxy, has_a_url_of_http) {
    EXPECT_THROW(http::client({.proxy = http::proxy_settings{.http = "https://a"}}), std::invalid_argument);
    EXPECT_THROW(http::client({.proxy = http::proxy_settings{.http = "a b"}}), std::invalid_argument);
}

}  // namespace
