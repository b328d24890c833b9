// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client.hpp>

#include "http/scripted_server.hpp"

#include <weft/http/server.hpp>
#include <weft/testing/http_client.hpp>

#include <gmock/gmock.h>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

std::string redirect(int status, const std::string& to) {
    return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + to + "\r\nContent-Length: 4\r\n\r\nmore";
}

/// The code of the client_error that asking for `url` throws.
task<std::optional<http::client_errc>> refusal_of(http::client& c, std::string url, http::request_options o = {}) {
    try {
        co_await c.get(std::move(url), std::move(o));
    } catch (const http::client_error& e) {
        co_return e.code();
    }
    co_return std::nullopt;
}

TEST(http_client_redirects, are_followed) {
    const auto heard = std::make_shared<std::vector<std::string>>();
    with_scripts({answering({redirect(302, "../b?x=1"), redirect(307, "c"), ok("here")}, heard, false)},
                 [&](http::client& c, scripted_server& s) -> task<> {
                     http::client_response r = co_await c.get("http://a/1/2");
                     EXPECT_EQ(co_await r.text(), "here");
                     EXPECT_EQ(r.url().to_string(), "http://a/c");
                     EXPECT_THAT(r.history(), ElementsAre(http::url("http://a/1/2"), http::url("http://a/b?x=1")));
                     EXPECT_EQ(s.connected_to.size(), 1u);
                 });
}

TEST(http_client_redirects, make_get_of_post_where_browsers_do) {
    struct expected {
        http::method asked;
        int status;
        std::string then;
        bool with_body;
    };
    using enum http::method;
    const std::vector<expected> cases = {
        {post, 301, "GET", false}, {post, 302, "GET", false},  {post, 303, "GET", false},
        {post, 307, "POST", true}, {post, 308, "POST", true},  {put, 302, "PUT", true},
        {put, 303, "GET", false},  {head, 303, "HEAD", false}, {get, 301, "GET", false}};
    for (const expected& each : cases) {
        const auto heard = std::make_shared<std::vector<std::string>>();
        const std::string moved =
            "HTTP/1.1 " + std::to_string(each.status) + " Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
        with_scripts({answering({moved, ok("")}, heard)}, [&](http::client& c, scripted_server&) -> task<> {
            http::request_options o;
            if (each.asked == post || each.asked == put) o = {.headers = {{"Content-Type", "a/b"}}, .body = "hello"};
            co_await c.request(each.asked, "http://a/", std::move(o));
            EXPECT_THAT(heard->at(1), StartsWith(each.then + " /b HTTP/1.1\r\n")) << each.status;
            EXPECT_EQ(heard->at(1).ends_with("\r\n\r\nhello"), each.with_body) << each.status;
            EXPECT_EQ(heard->at(1).contains("Content-Type"), each.with_body) << each.status;
        });
    }
}

TEST(http_client_redirects, drop_what_was_meant_for_another_origin) {
    const http::headers secrets = {
        {"Authorization", "secret"}, {"Cookie", "secret"}, {"Proxy-Authorization", "secret"}, {"X-Kept", "kept"}};
    for (const std::string to : {"http://b/", "http://a:81/", "http://sub.a/"}) {
        const auto heard = std::make_shared<std::vector<std::string>>();
        with_scripts(
            {answering({redirect(302, "/same")}, heard), answering({redirect(302, to)}, heard),
             answering({ok("")}, heard)},
            {.headers = {{"authorization", "also secret"}}}, [&](http::client& c, scripted_server&) -> task<> {
                co_await c.get("http://user:password@a/", {.headers = secrets});
                EXPECT_THAT(heard->at(1), AllOf(HasSubstr("Authorization: secret"), HasSubstr("Cookie: secret"))) << to;
                EXPECT_THAT(heard->at(2),
                            AllOf(Not(HasSubstr("secret")), HasSubstr("X-Kept: kept"), Not(HasSubstr("uthorization"))))
                    << to;
            });
    }
}

TEST(http_client_redirects, send_no_credentials_that_the_server_made_up) {
    const auto heard = std::make_shared<std::vector<std::string>>();
    with_scripts({answering({redirect(302, "http://evil:evil@b/")}, heard), answering({ok("")}, heard)},
                 [&](http::client& c, scripted_server&) -> task<> {
                     co_await c.get("http://a/");
                     EXPECT_THAT(heard->at(1), Not(HasSubstr("Authorization")));
                 });
}

TEST(http_client_redirects, end_after_twenty) {
    const script endless = [](weft::stream s) -> task<> {
        while (!(co_await hear_request(s)).empty()) co_await s.write(redirect(302, "/"));
    };
    with_scripts({endless}, [](http::client& c, scripted_server&) -> task<> {
        EXPECT_EQ(co_await refusal_of(c, "http://a/"), http::client_errc::too_many_redirects);
        EXPECT_EQ(co_await refusal_of(c, "http://a/", {.max_redirects = 1}), http::client_errc::too_many_redirects);
    });
}

TEST(http_client_redirects, are_given_if_none_is_to_be_followed) {
    with_scripts({answering({redirect(302, "/")})}, {.max_redirects = 0},
                 [](http::client& c, scripted_server&) -> task<> {
                     http::client_response r = co_await c.get("http://a/");
                     EXPECT_EQ(r.status(), http::status::found);
                     EXPECT_EQ(co_await r.text(), "more");
                 });
}

TEST(http_client_redirects, are_refused_to_where_no_client_should_go) {
    for (const std::string to : {"ftp://a/", "ws://a/", "file:///etc/passwd", "javascript:alert(1)", "http://a\\@b/",
                                 "http://a b/", "http://"}) {
        with_scripts({answering({redirect(302, to)})}, [&](http::client& c, scripted_server& s) -> task<> {
            EXPECT_EQ(co_await refusal_of(c, "http://a/"), http::client_errc::bad_redirect) << to;
            EXPECT_EQ(s.connected_to.size(), 1u) << to;
            EXPECT_EQ(c.connections(), c.idle_connections());
        });
    }
    const std::string twice = "HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    with_scripts({answering({twice})}, [&](http::client& c, scripted_server&) -> task<> {
        EXPECT_EQ(co_await refusal_of(c, "http://a/"), http::client_errc::bad_redirect);
    });
}

TEST(http_client_redirects, take_no_body_again_that_was_written_meanwhile) {
    const script redirects = [](weft::stream s) -> task<> {
        co_await s.read_until("0\r\n\r\n");
        co_await s.write(redirect(307, "/b"));
        co_await s.read_all();
    };
    with_scripts({redirects}, [](http::client& c, scripted_server&) -> task<> {
        const auto writes = [](http::body_writer& to) -> task<> { co_await to.write("a"); };
        EXPECT_THROW(co_await c.post("http://a/", http::request_body::stream(writes)), http::client_error);
    });
}

TEST(http_client_redirects, keep_the_connection_if_their_body_is_short) {
    const std::string large =
        "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 1000000\r\n\r\n" + std::string(30000, 'x');
    with_scripts({answering({large}, nullptr, false), answering({ok("b")})},
                 [](http::client& c, scripted_server& s) -> task<> {
                     http::client_response r = co_await c.get("http://a/");
                     EXPECT_EQ(co_await r.text(), "b");
                     EXPECT_EQ(s.connected_to.size(), 2u);
                 });
}

TEST(http_client_redirects, wait_not_long_for_a_body_that_nobody_wants) {
    const script drips = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await s.write("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 10\r\n\r\na");
        co_await weft::sleep(1h);
    };
    with_scripts({drips, answering({ok("b")})}, [](http::client& c, scripted_server&) -> task<> {
        const auto began = weft::get_running_loop().time();
        http::client_response r = co_await c.get("http://a/");
        EXPECT_EQ(co_await r.text(), "b");
        EXPECT_LE(weft::get_running_loop().time() - began, 1s);
    });
}

TEST(http_client_redirects, store_cookies_on_the_way) {
    const auto heard = std::make_shared<std::vector<std::string>>();
    const std::string gives =
        "HTTP/1.1 303 See Other\r\nLocation: /\r\nSet-Cookie: session=1\r\nContent-Length: 0\r\n\r\n";
    with_scripts({answering({gives, ok("")}, heard)}, [&](http::client& c, scripted_server&) -> task<> {
        co_await c.post("http://a.org/login", "x");
        EXPECT_THAT(heard->at(1), HasSubstr("\r\nCookie: session=1\r\n"));
    });
}

}  // namespace
