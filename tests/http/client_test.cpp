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
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

/// Runs `body(client)` beside a server that answers by `answers`.
template <class Body>
void with_server(http::handler answers, http::client_options options, Body body) {
    weft::testing::run([](http::handler h, http::client_options o, Body run) -> task<> {
        http::server server(std::move(h));
        weft::testing::http_client client(server, std::move(o));
        co_await run(client);
    }(std::move(answers), std::move(options), std::move(body)));
}
template <class Body>
void with_server(http::handler answers, Body body) {
    with_server(std::move(answers), {}, std::move(body));
}

task<http::response> echo(http::request& r) {
    std::string text(http::to_string(r.method()));
    text.append(" ")
        .append(r.target())
        .append(" ")
        .append(r.header("Content-Type"))
        .append(" ")
        .append(co_await r.body());
    co_return http::response::text(text);
}

// What it is for

TEST(http_client, gets) {
    with_server(echo, [](http::client& c) -> task<> {
        http::client_response r = co_await c.get("/users/17");
        EXPECT_EQ(r.status(), http::status::ok);
        EXPECT_TRUE(r.ok());
        EXPECT_EQ(r.reason(), "OK");
        EXPECT_EQ(r.header("content-type"), "text/plain; charset=utf-8");
        EXPECT_EQ(r.url().to_string(), "http://testserver/users/17");
        EXPECT_EQ(co_await r.text(), "GET /users/17  ");
        EXPECT_EQ(co_await r.text(), "");
    });
}

TEST(http_client, sends_a_request_as_it_should_be) {
    const auto heard = std::make_shared<std::vector<std::string>>();
    with_scripts({answering({ok("a")}, heard)}, {.decompress = false}, [&](http::client& c, scripted_server& s) -> task<> {
        http::request_options o = {.headers = {{"X-A", "b"}}};
        o.query.add("q", "a b&c");
        co_await c.get("http://user:p%40ss@example.org:8080/a/../b?x=1#f", std::move(o));
        EXPECT_THAT(s.connected_to, ElementsAre("http://example.org:8080"));
        EXPECT_EQ(
            heard->at(0),
            "GET /b?x=1&q=a+b%26c HTTP/1.1\r\nHost: example.org:8080\r\nX-A: b\r\nAuthorization: Basic dXNlcjpwQHNz\r\n"
            "User-Agent: weft\r\nAccept: */*\r\n\r\n");
    });
}

TEST(http_client, gives_the_status_and_raises_it_when_asked_to) {
    with_server([](http::request&) -> task<http::response> { throw http::http_error(http::status::not_found); },
                [](http::client& c) -> task<> {
                    http::client_response r = co_await c.get("/a?b");
                    EXPECT_FALSE(r.ok());
                    try {
                        r.raise_for_status();
                        ADD_FAILURE();
                    } catch (const http::http_error& e) {
                        EXPECT_EQ(e.status(), http::status::not_found);
                        EXPECT_STREQ(e.what(), "404 Not Found for GET http://testserver/a?b");
                    }
                });
}

TEST(http_client, uses_a_connection_again) {
    with_server(echo, [](http::client& c) -> task<> {
        for (int i = 0; i < 3; ++i) {
            http::client_response r = co_await c.get("/");
            co_await r.text();
            EXPECT_EQ(c.connections(), 1u);
            EXPECT_EQ(c.idle_connections(), 1u);
        }
    });
}

// Bodies of requests

TEST(http_client, sends_texts_and_forms) {
    with_server(echo, [](http::client& c) -> task<> {
        http::client_response text = co_await c.post("/", "hello", {.headers = {{"Content-Type", "text/x"}}});
        EXPECT_EQ(co_await text.text(), "POST / text/x hello");
        http::client_response none = co_await c.put("/", "");
        EXPECT_EQ(co_await none.text(), "PUT /  ");
        http::form fields;
        fields.add("a", "1 2");
        http::client_response form = co_await c.patch("/", fields);
        EXPECT_EQ(co_await form.text(), "PATCH / application/x-www-form-urlencoded a=1+2");
        http::client_response json = co_await c.post("/", http::request_body::json("{}"));
        EXPECT_EQ(co_await json.text(), "POST / application/json {}");
    });
}

TEST(http_client, sends_bodies_that_are_written_meanwhile) {
    const auto count_bytes = [](http::request& r) -> task<http::response> {
        co_return http::response::text(std::to_string((co_await r.body()).size()) + " " +
                                       std::string(r.header("Content-Length")));
    };
    with_server(count_bytes, [](http::client& c) -> task<> {
        const auto writes = [](http::body_writer& to) -> task<> {
            for (int i = 0; i < 100; ++i) co_await to.write(std::string(5000, 'x'));
        };
        http::client_response chunked = co_await c.post("/", http::request_body::stream(writes));
        EXPECT_EQ(co_await chunked.text(), "500000 ");
        http::client_response counted = co_await c.post("/", http::request_body::stream(writes, 500000));
        EXPECT_EQ(co_await counted.text(), "500000 500000");
        http::client_response text = co_await c.post("/", std::string(500000, 'x'));
        EXPECT_EQ(co_await text.text(), "500000 500000");
        EXPECT_EQ(c.connections(), 1u);
    });
}

TEST(http_client, fails_with_what_the_producer_throws) {
    with_server(echo, [](http::client& c) -> task<> {
        const auto fails = [](http::body_writer& to) -> task<> {
            co_await to.write("a");
            throw std::domain_error("no more");
        };
        EXPECT_THROW(co_await c.post("/", http::request_body::stream(fails)), std::domain_error);
        EXPECT_THROW(
            co_await c.post("/", http::request_body::stream([](http::body_writer&) -> task<> { co_return; }, 1)),
            std::length_error);
        EXPECT_EQ(c.connections(), 0u);
    });
}

TEST(http_client, hears_an_answer_before_the_end_of_a_body) {
    const script refuses = [](weft::stream s) -> task<> {
        co_await s.read_until("\r\n\r\n");
        co_await s.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
        co_await weft::sleep(1h);
    };
    with_scripts({refuses}, [](http::client& c, scripted_server&) -> task<> {
        const auto endless = [](http::body_writer& to) -> task<> {
            for (;;) co_await to.write(std::string(10000, 'x'));
        };
        http::client_response r = co_await c.post("http://a/", http::request_body::stream(endless));
        EXPECT_EQ(r.status(), http::status::content_too_large);
        EXPECT_EQ(co_await r.text(), "no");
        EXPECT_EQ(c.connections(), 0u);
        http::client_response text = co_await c.post("http://a/", std::string(1000000, 'x'));
        EXPECT_EQ(co_await text.text(), "no");
    });
}

TEST(http_client, hears_an_answer_of_a_server_that_then_went) {
    const script goes = [](weft::stream s) -> task<> {
        co_await s.read_until("\r\n\r\n");
        co_await s.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    };
    with_scripts({goes}, [](http::client& c, scripted_server&) -> task<> {
        const auto endless = [](http::body_writer& to) -> task<> {
            for (;;) {
                co_await to.write(std::string(10000, 'x'));
                co_await weft::sleep(1ms);
            }
        };
        http::client_response r = co_await c.post("http://a/", http::request_body::stream(endless));
        EXPECT_EQ(r.status(), http::status::content_too_large);
    });
}

TEST(http_client, waits_for_100_continue) {
    std::vector<std::string> heard;
    const script says_continue = [&](weft::stream s) -> task<> {
        heard.push_back(co_await s.read_until("\r\n\r\n"));
        co_await weft::sleep(500ms);
        heard.emplace_back(s.buffered());
        co_await s.write("HTTP/1.1 100 Continue\r\n\r\n");
        heard.push_back(co_await s.read_exactly(5));
        co_await s.write(ok("done"));
    };
    with_scripts({says_continue}, [&](http::client& c, scripted_server&) -> task<> {
        http::client_response r = co_await c.post("http://a/", "hello", {.expect_continue = true});
        EXPECT_EQ(co_await r.text(), "done");
        EXPECT_THAT(heard, ElementsAre(HasSubstr("Expect: 100-continue\r\n"), "", "hello"));
    });
}

TEST(http_client, does_not_wait_long_for_100_continue) {
    const script says_nothing = [](weft::stream s) -> task<> {
        co_await s.read_until("\r\n\r\n");
        const auto began = weft::get_running_loop().time();
        co_await s.read_exactly(5);
        EXPECT_EQ(weft::get_running_loop().time() - began, 1s);
        co_await s.write("HTTP/1.1 100 Continue\r\n\r\n" + ok("done"));
    };
    with_scripts({says_nothing}, [](http::client& c, scripted_server&) -> task<> {
        http::client_response r = co_await c.post("http://a/", "hello", {.expect_continue = true});
        EXPECT_EQ(co_await r.text(), "done");
    });
}

TEST(http_client, sends_no_body_that_is_refused_before) {
    std::size_t came = 1;
    const script refuses = [&](weft::stream s) -> task<> {
        co_await s.read_until("\r\n\r\n");
        co_await s.write("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
        try {
            came = (co_await s.read_all()).size();
        } catch (const std::system_error&) {
            came = 0;
        }
    };
    with_scripts({refuses}, [&](http::client& c, scripted_server&) -> task<> {
        http::client_response r = co_await c.post("http://a/", "hello", {.expect_continue = true});
        EXPECT_EQ(r.status(), http::status::expectation_failed);
        EXPECT_EQ(c.connections(), 0u);
        co_await weft::sleep(2s);
        EXPECT_EQ(came, 0u);
    });
}

TEST(http_client, upgrades) {
    const script switches = [](weft::stream s) -> task<> {
        EXPECT_THAT(co_await hear_request(s),
                    AllOf(HasSubstr("Upgrade: echo\r\n"), HasSubstr("Connection: Upgrade\r\n")));
        co_await s.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nhi");
        co_await s.write(co_await s.read(10));
    };
    with_scripts({switches}, [](http::client& c, scripted_server&) -> task<> {
        http::client_response r = co_await c.get("http://a/", {.headers = {{"Upgrade", "echo"}}});
        EXPECT_EQ(r.status(), http::status::switching_protocols);
        weft::stream s = r.take_stream();
        EXPECT_EQ(c.connections(), 0u);
        EXPECT_EQ(co_await s.read_exactly(2), "hi");
        co_await s.write("abc");
        EXPECT_EQ(co_await s.read_all(), "abc");
        EXPECT_THROW(r.take_stream(), weft::invalid_state_error);
    });
}

// Bodies of responses

TEST(http_client, reads_a_body_as_it_comes) {
    const auto slow = [](http::request&) -> task<http::response> {
        co_return http::response::stream([](http::body_writer& to) -> task<> {
            for (int i = 0; i < 3; ++i) {
                co_await to.write("abc");
                co_await to.flush();
                co_await weft::sleep(1s);
            }
        });
    };
    with_server(slow, [](http::client& c) -> task<> {
        http::client_response r = co_await c.get("/");
        EXPECT_EQ(r.content_length(), std::nullopt);
        EXPECT_EQ(co_await r.read(2), "ab");
        EXPECT_EQ(co_await r.read(2), "c");
        EXPECT_EQ(co_await r.read(10), "abc");
        EXPECT_EQ(co_await r.text(), "abc");
        EXPECT_EQ(co_await r.read(10), "");
        EXPECT_EQ(c.idle_connections(), 1u);
    });
}

TEST(http_client, knows_every_framing) {
    struct framed {
        std::string answer, body;
        std::size_t kept;
    };
    const std::vector<framed> cases = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", 1},
        {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "", 1},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n2\r\nbc\r\n0\r\nX-T: u\r\n\r\n", "abc", 1},
        {"HTTP/1.1 200 OK\r\n\r\nabc", "abc", 0},
        {"HTTP/1.0 200 OK\r\n\r\nabc", "abc", 0},
        {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", 0},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", "abc", 1},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", "abc", 0},
        {"HTTP/1.1 204 No Content\r\n\r\n", "", 1},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "", 1},
        {"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
         "a", 1},
    };
    for (const framed& each : cases) {
        const bool is_closed = each.kept == 0 && !each.answer.contains("Content-Length");
        with_scripts({answering({each.answer}, nullptr, is_closed)}, [&](http::client& c, scripted_server&) -> task<> {
            http::client_response r = co_await c.get("http://a/");
            EXPECT_EQ(co_await r.text(), each.body) << each.answer;
            EXPECT_EQ(c.idle_connections(), each.kept) << each.answer;
            EXPECT_EQ(c.connections(), each.kept) << each.answer;
        });
    }
}

TEST(http_client, reads_the_same_however_it_is_cut) {
    const std::string answer =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    const auto in_two = [&](std::size_t at) -> script {
        return [&answer, at](weft::stream s) -> task<> {
            co_await hear_request(s);
            co_await s.write(answer.substr(0, at));
            co_await weft::sleep(1s);
            co_await s.write(answer.substr(at));
            co_await s.read_all();
        };
    };
    for (std::size_t at = 0; at <= answer.size(); ++at) {
        with_scripts({in_two(at)}, [&](http::client& c, scripted_server&) -> task<> {
            http::client_response r = co_await c.get("http://a/");
            EXPECT_EQ(co_await r.text(), "abcde") << at;
            EXPECT_EQ(c.idle_connections(), 1u) << at;
        });
    }
}

TEST(http_client, reads_no_body_of_head) {
    with_scripts({answering({"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", ok("a")}, nullptr, false)},
                 [](http::client& c, scripted_server& s) -> task<> {
                     http::client_response r = co_await c.head("http://a/");
                     EXPECT_EQ(r.header("Content-Length"), "1000");
                     EXPECT_EQ(co_await r.text(), "");
                     http::client_response next = co_await c.get("http://a/");
                     EXPECT_EQ(co_await next.text(), "a");
                     EXPECT_EQ(s.connected_to.size(), 1u);
                 });
}

TEST(http_client, bounds_a_text) {
    with_scripts({saying(ok("12345"))}, {.limits = {.body_bytes = 4}}, [](http::client& c, scripted_server&) -> task<> {
        http::client_response counted = co_await c.get("http://a/");
        EXPECT_THROW(co_await counted.text(), http::client_error);
        EXPECT_EQ(c.connections(), 0u);
    });
    with_scripts({saying("HTTP/1.1 200 OK\r\n\r\n12345")}, {.limits = {.body_bytes = 4}},
                 [](http::client& c, scripted_server&) -> task<> {
                     http::client_response r = co_await c.get("http://a/");
                     EXPECT_THROW(co_await r.text(), http::client_error);
                 });
}

TEST(http_client, refuses_what_is_not_the_callers_to_say) {
    with_server(echo, [](http::client& c) -> task<> {
        EXPECT_THROW(co_await c.get("ftp://a/"), std::invalid_argument);
        EXPECT_THROW(co_await c.get("ws://a/"), std::invalid_argument);
        EXPECT_THROW(co_await c.get("http://a b/"), std::invalid_argument);
        EXPECT_THROW(co_await c.get("/", {.headers = {{"Content-Length", "1"}}}), std::invalid_argument);
        EXPECT_THROW(co_await c.get("/", {.headers = {{"transfer-encoding", "chunked"}}}), std::invalid_argument);
        EXPECT_THROW(co_await c.request(http::method::connect, "/"), std::invalid_argument);
        EXPECT_EQ(c.connections(), 0u);
    });
}

TEST(http_client, may_go_before_its_requests_do) {
    with_server(echo, [](http::client& c) -> task<> {
        auto handle = weft::create_task(c.get("/a"));
        c = http::client();
        http::client_response r = co_await std::move(handle);
        EXPECT_THAT(co_await r.text(), StartsWith("GET /a"));
    });
}

// Cookies

TEST(http_client, brings_cookies_back) {
    const auto heard = std::make_shared<std::vector<std::string>>();
    const std::string gives =
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d; Path=/x\r\nContent-Length: 0\r\n\r\n";
    with_scripts({answering({gives, ok(""), ok(""), ok("")}, heard)}, [&](http::client& c, scripted_server&) -> task<> {
        co_await c.get("http://a.org/");
        co_await c.get("http://a.org/y");
        co_await c.get("http://a.org/x/y");
        co_await c.get("http://a.org/", {.headers = {{"Cookie", "own=1"}}});
        EXPECT_THAT(heard->at(0), Not(HasSubstr("Cookie")));
        EXPECT_THAT(heard->at(1), HasSubstr("\r\nCookie: a=b\r\n"));
        EXPECT_THAT(heard->at(2), HasSubstr("\r\nCookie: c=d; a=b\r\n"));
        EXPECT_THAT(heard->at(3), AllOf(HasSubstr("\r\nCookie: own=1\r\n"), Not(HasSubstr("a=b"))));
        EXPECT_EQ(c.cookies().size(), 2u);
    });
}

TEST(http_client, keeps_no_cookies_if_told_so) {
    const auto heard = std::make_shared<std::vector<std::string>>();
    const std::string gives = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n";
    with_scripts({answering({gives, ok("")}, heard)}, {.cookies = false},
                 [&](http::client& c, scripted_server&) -> task<> {
                     co_await c.get("http://a.org/");
                     co_await c.get("http://a.org/");
                     EXPECT_THAT(heard->at(1), Not(HasSubstr("Cookie")));
                 });
}

}  // namespace
