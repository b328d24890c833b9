// SPDX-License-Identifier: Apache-2.0
// What goes out where a handler's answer makes no sense, or is no answer.
#include <weft/http/server.hpp>

#include "http/scripted_server.hpp"
#include "http/talk.hpp"

#include <weft/base/errors.hpp>
#include <weft/http/cors.hpp>
#include <weft/http/deadline.hpp>
#include <weft/http/request_id.hpp>

#include <gmock/gmock.h>

#include <array>
#include <stdexcept>
#include <system_error>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::AllOf;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

constexpr std::string_view get_hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/// Answers "/hello" as ever, and all else so.
http::handler or_hello(std::function<http::response(http::request&)> makes) {
    return [make = std::move(makes)](http::request& r) -> task<http::response> {
        if (r.path() == "/hello") co_return http::response::text("hello\n");
        co_return make(r);
    };
}

/// What is said to that request, and to another behind it.
std::string heard_of(std::function<http::response(http::request&)> makes, std::string_view asked = get,
                     bool is_reported = false) {
    std::string heard;
    with_server(or_hello(std::move(makes)), [&](http::server& s) -> task<> {
        int reports = 0;
        weft::get_running_loop().set_exception_handler([&](auto&, const weft::error_context&) { ++reports; });
        conversation c(s);
        heard = co_await c.ask(std::string(asked).append(get_hello));
        EXPECT_EQ(reports, is_reported ? 1 : 0);
        if (c.has_ended()) heard += "the end";
    });
    return heard;
}

// Where it ends is the server's to say

TEST(http_server, says_itself_where_its_answers_end) {
    const auto with = [](std::string name, std::string value) {
        return heard_of([=](http::request&) { return http::response(http::status::ok, "body").with(name, value); });
    };
    const std::string body = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody" + hello_answer;
    EXPECT_EQ(with("Content-Length", "2"), body);
    EXPECT_EQ(with("Transfer-Encoding", "chunked"), body);
    EXPECT_EQ(with("Connection", "keep-alive"), body);
}

TEST(http_server, lets_a_handler_say_how_long_what_is_not_sent_would_be) {
    const auto known = [](http::request&) { return http::response().with("Content-Length", "1234"); };
    EXPECT_EQ(heard_of(known, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n" + hello_answer);
    const auto nothing = [](http::request&) {
        return http::response(http::status::no_content).with("Content-Length", "1234");
    };
    EXPECT_EQ(heard_of(nothing), "HTTP/1.1 204 No Content\r\n\r\n" + hello_answer);
}

TEST(http_server, closes_if_a_handler_says_so) {
    const auto says = [](http::request&) { return http::response(http::status::ok, "x").with("Connection", "close"); };
    EXPECT_EQ(heard_of(says), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nxthe end");
}

TEST(http_server, leaves_the_date_to_a_handler_that_has_one) {
    const auto dated = [](http::request&) {
        return http::response().with("Date", "Sun, 06 Nov 1994 08:49:37 GMT").with("X-A", "b");
    };
    with_server(or_hello(dated), [](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(get);
        EXPECT_EQ(co_await c.client.read_until("\r\n\r\n"), "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                                            "X-A: b\r\nContent-Length: 0\r\n\r\n");
    });
}

TEST(http_server, tells_a_stranger_nothing_of_another_servers_refusal) {
    scripted_server behind({saying("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nSet-Cookie: admin=1\r\n\r\n"
                                   "0\r\n\r\n")});
    const auto asks = [&](http::request& r) -> task<http::response> {
        if (r.path() == "/hello") co_return http::response::text("hello\n");
        http::client c({.connector = behind.connector()});
        http::client_response got = co_await c.get("http://secret.internal/");
        got.raise_for_status();
        co_return http::response();
    };
    with_server(asks, [](http::server& s) -> task<> {
        int reports = 0;
        weft::get_running_loop().set_exception_handler([&](auto&, const weft::error_context&) { ++reports; });
        conversation c(s);
        EXPECT_EQ(co_await c.ask(std::string(get).append(get_hello)),
                  "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Length: 26\r\n\r\n500 Internal Server Error\n" +
                      hello_answer);
        EXPECT_EQ(reports, 1);
    });
}

TEST(http_server, writes_the_body_of_an_answer_whose_head_was_there_before) {
    const auto writes = [](http::body_writer& to) -> task<> { co_await to.write("body"); };
    const auto counted = [=](http::request&) {
        http::response r(http::status::created);
        r.set_body(writes, 4);
        return r;
    };
    EXPECT_EQ(heard_of(counted), "HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nbody" + hello_answer);
    const auto chunked = [=](http::request&) {
        http::response r = http::response().with("Content-Length", "2");
        r.set_body(writes);
        return r;
    };
    EXPECT_EQ(heard_of(chunked),
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n" + hello_answer);
    EXPECT_THROW(http::response().set_body(http::response::producer()), std::invalid_argument);
}

// What is no answer

TEST(http_server, answers_by_no_status_that_lets_the_client_wait_for_another) {
    for (const int number : {0, 99, 100, 101, 103, 199, 1000}) {
        const auto status = static_cast<http::status>(number);
        EXPECT_THAT(heard_of([=](http::request&) { return http::response(status, "x"); }, get, true),
                    AllOf(StartsWith("HTTP/1.1 500 "), EndsWith(hello_answer)))
            << number;
        const auto throws = [=](http::request&) -> http::response { throw http::http_error(status); };
        EXPECT_THAT(heard_of(throws, get, true), AllOf(StartsWith("HTTP/1.1 500 "), EndsWith(hello_answer))) << number;
    }
}

TEST(http_server, sends_nothing_with_a_reset_content) {
    EXPECT_EQ(heard_of([](http::request&) { return http::response(http::status::reset_content, "x"); }),
              "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n" + hello_answer);
}

TEST(http_server, answers_for_a_handler_whose_own_work_was_cancelled) {
    const auto awaits = [](http::request&) -> http::response { throw weft::cancelled_error(); };
    const std::string both = std::string(get_hello).append(get);
    EXPECT_THAT(heard_of(awaits, both, true),
                AllOf(StartsWith(hello_answer + "HTTP/1.1 500 "), EndsWith(hello_answer)));
}

TEST(http_server, reports_what_a_body_fails_with_whatever_it_is) {
    const auto breaks = [](http::request&) {
        return http::response::stream([](http::body_writer& to) -> task<> {
            co_await to.write("one");
            throw std::system_error(std::make_error_code(std::errc::no_such_file_or_directory), "the file");
        });
    };
    with_server(or_hello(breaks), [](http::server& s) -> task<> {
        std::string reported;
        weft::get_running_loop().set_exception_handler(
            [&](auto&, const weft::error_context& context) { reported = context.message; });
        conversation c(s);
        co_await c.say(get);
        try {
            co_await c.client.read_all();
        } catch (const std::system_error&) {  // it is reset
        }
        co_await c.served;
        EXPECT_EQ(reported, "Unhandled exception in the body of the answer to GET /");
    });
}

// Errors, and what stands around them

http::router with_everything_around() {
    http::router routes;
    routes.use(http::request_ids());
    routes.use(http::cors({.origins = {"https://app"}}));
    routes.get("/", [](http::request&) -> task<http::response> {
        throw std::runtime_error("secret");
        co_return http::response();
    });
    routes.get("/hello", hello);
    return routes;
}

TEST(http_server, gives_error_pages_what_middleware_gives_every_answer) {
    with_server(with_everything_around(), [](http::server& s) -> task<> {
        weft::get_running_loop().set_exception_handler([](auto&, const weft::error_context&) {});
        for (const std::string_view path : {"/", "/none"}) {
            conversation c(s);
            const std::string head = " HTTP/1.1\r\nHost: a\r\nOrigin: https://app\r\n\r\n";
            const std::string page = co_await c.ask("GET " + std::string(path) + head);
            EXPECT_THAT(page,
                        AllOf(ContainsRegex("^HTTP/1.1 (500|404) "),
                              ContainsRegex("\r\nX-Request-Id: [0-9a-f]{16}\r\n"), HasSubstr("\r\nVary: Origin\r\n"),
                              HasSubstr("\r\nAccess-Control-Allow-Origin: https://app\r\n"), Not(HasSubstr("secret"))));
            const std::string next = co_await c.ask(get_hello);
            EXPECT_THAT(next, AllOf(StartsWith("HTTP/1.1 200 "), Not(HasSubstr("Access-Control"))));
        }
    });
}

TEST(http_server, takes_no_timeout_of_a_handlers_own_for_its_deadline) {
    http::router routes;
    routes.use(http::deadline(1h));
    routes.get("/", [](http::request&) -> task<http::response> {
        throw weft::timeout_error("the database");
        co_return http::response();
    });
    with_server(std::move(routes), [](http::server& s) -> task<> {
        int reports = 0;
        weft::get_running_loop().set_exception_handler([&](auto&, const weft::error_context&) { ++reports; });
        conversation c(s);
        EXPECT_THAT(co_await c.ask(get), StartsWith("HTTP/1.1 500 "));
        EXPECT_EQ(reports, 1);
    });
}

TEST(http_server, answers_options_for_itself) {
    with_server(with_everything_around(), [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 204 "));
        EXPECT_FALSE(c.has_ended());
    });
}

TEST(http_server, refuses_a_head_without_a_body) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("HEAD /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
                    AllOf(StartsWith("HTTP/1.1 400 "), EndsWith("Connection: close\r\n\r\n")));
    });
}

// A body that nobody reads

TEST(http_server, goes_on_behind_a_short_body_that_nobody_reads_however_it_comes) {
    const std::string asked = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd" + std::string(get);
    const std::size_t body = asked.find("abcd");
    for (std::size_t cut = body; cut <= body + 4; ++cut) {
        with_server(hello, [&](http::server& s) -> task<> {
            conversation c(s);
            EXPECT_EQ(co_await c.ask(std::string_view(asked).substr(0, cut)), hello_answer) << cut;
            EXPECT_EQ(co_await c.ask(std::string_view(asked).substr(cut)), hello_answer) << cut;
        });
    }
}

TEST(http_server, waits_so_long_for_a_body_that_nobody_reads) {
    with_server(hello, {.limits = {.head_timeout = 10s}}, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_EQ(co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab"), hello_answer);
        EXPECT_EQ(s.requests(), 0u);
        co_await weft::sleep(9s);
        EXPECT_FALSE(c.has_ended());
        co_await weft::sleep(4s);
        EXPECT_EQ(co_await c.hear(), "");
        EXPECT_TRUE(c.has_ended());
        co_await c.served;
    });
}

TEST(http_server, drops_a_body_that_nobody_reads_when_it_closes) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_EQ(co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab"), hello_answer);
        s.close();
        co_await c.served;
        EXPECT_TRUE(c.client.at_eof() || (co_await c.client.read(1)).empty());
    });
}

TEST(http_server, does_not_wait_for_a_long_body_that_nobody_reads) {
    with_server(hello, [](http::server& s) -> task<> {
        for (const std::string_view framing :
             {"Content-Length: 100000", "Transfer-Encoding: chunked", "Content-Length: 4\r\nExpect: 100-continue"}) {
            conversation c(s);
            const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(framing) + "\r\n\r\n";
            EXPECT_THAT(co_await c.ask(head), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Connection: close\r\n")));
        }
    });
}

}  // namespace
