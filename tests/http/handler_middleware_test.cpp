// SPDX-License-Identifier: Apache-2.0
// What can stand around a handler, and what comes with it.
#include <weft/http/handler.hpp>

#include "http/talk.hpp"

#include <weft/http/cors.hpp>
#include <weft/http/deadline.hpp>
#include <weft/http/health.hpp>
#include <weft/http/json.hpp>
#include <weft/http/rate_limit.hpp>
#include <weft/http/request_id.hpp>
#include <weft/http/server_sent_events.hpp>

#include <gmock/gmock.h>

#include <stdexcept>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

template <class Body>
void with_routes(http::router routes, Body body) {
    weft::testing::run([](http::router all, Body run) -> task<> {
        http::server server(std::move(all));
        co_await run(server);
    }(std::move(routes), std::move(body)));
}
http::router routes_with(http::middleware around, http::handler answers) {
    http::router routes;
    routes.use(std::move(around));
    routes.get("/", std::move(answers));
    return routes;
}

TEST(middleware, may_answer_itself_and_stands_around_what_is_not_found) {
    auto routes = routes_with(
        [](http::request& r, http::next rest) -> task<http::response> {
            if (r.path() == "/closed") co_return http::response::text("closed\n", http::status::forbidden);
            try {
                co_return co_await rest(r);
            } catch (const http::http_error& e) {
                co_return http::response::text("caught " + std::to_string(http::to_number(e.status())));
            }
        },
        hello);
    with_routes(std::move(routes), [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("GET /closed HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 403 "));
        EXPECT_THAT(co_await c.ask("GET /none HTTP/1.1\r\nHost: a\r\n\r\n"), EndsWith("caught 404"));
        EXPECT_THAT(co_await c.ask(get), EndsWith("hello\n"));
    });
}

TEST(middleware, leaves_values_for_handlers) {
    struct user {
        std::string name;
    };
    auto routes = routes_with(
        [](http::request& r, http::next rest) -> task<http::response> {
            r.local<user>().name = "ann";
            return rest(r);
        },
        [](http::request& r) -> task<http::response> { co_return http::response::text(r.local<user>().name); });
    with_routes(std::move(routes), [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask(get), EndsWith("ann"));
    });
}

TEST(deadline, cancels_what_takes_too_long) {
    bool was_cancelled = false;
    auto routes = routes_with(http::deadline(5s), [&](http::request&) -> task<http::response> {
        try {
            co_await weft::sleep(1h);
        } catch (const weft::cancelled_error&) {
            was_cancelled = true;
            throw;
        }
        co_return http::response();
    });
    with_routes(std::move(routes), [&](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(get);
        co_await weft::sleep(4s);
        EXPECT_EQ(co_await c.hear(), "");
        co_await weft::sleep(2s);
        EXPECT_THAT(co_await c.hear(), StartsWith("HTTP/1.1 503 "));
        EXPECT_TRUE(was_cancelled);
        EXPECT_FALSE(c.has_ended());
    });
}

TEST(rate_limit, refuses_who_asks_too_often_until_there_is_room_again) {
    auto routes =
        routes_with(http::rate_limit({.requests = 1,
                                      .per = 10s,
                                      .burst = 2,
                                      .key = [](const http::request& r) { return std::string(r.header("X-Key")); }}),
                    hello);
    with_routes(std::move(routes), [](http::server& s) -> task<> {
        conversation c(s);
        for (int i = 0; i < 2; ++i) EXPECT_THAT(co_await c.ask(get), StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(co_await c.ask(get), AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("Retry-After: 10\r\n")));
        EXPECT_THAT(co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\nX-Key: other\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
        co_await weft::sleep(10s);
        EXPECT_THAT(co_await c.ask(get), StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(co_await c.ask(get), StartsWith("HTTP/1.1 429 "));
    });
}

TEST(rate_limit, forgets_who_has_not_come_for_longest) {
    auto routes =
        routes_with(http::rate_limit({.requests = 1,
                                      .per = 1h,
                                      .burst = 1,
                                      .key = [](const http::request& r) { return std::string(r.header("X-Key")); },
                                      .keys = 2}),
                    hello);
    with_routes(std::move(routes), [](http::server& s) -> task<> {
        conversation c(s);
        std::string statuses;
        for (const char* key : {"a", "b", "a", "c", "b", "a"}) {
            const auto heard = co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\nX-Key: " + std::string(key) + "\r\n\r\n");
            statuses += key + heard.substr(9, 3) + " ";
        }
        EXPECT_EQ(statuses, "a200 b200 a429 c200 b200 a200 ");
    });
}

TEST(cors, lets_pages_of_the_origins_it_knows_read_what_is_answered) {
    auto routes =
        routes_with(http::cors({.origins = {"https://app"}, .exposed = {"X-Total"}, .credentials = true}), hello);
    with_routes(std::move(routes), [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://app\r\n\r\n"),
                    AllOf(HasSubstr("Access-Control-Allow-Origin: https://app\r\n"), HasSubstr("Vary: Origin\r\n"),
                          HasSubstr("Access-Control-Allow-Credentials: true\r\n"),
                          HasSubstr("Access-Control-Expose-Headers: X-Total\r\n")));
        EXPECT_THAT(co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\nOrigin: https://evil\r\n\r\n"),
                    AllOf(Not(HasSubstr("Access-Control")), HasSubstr("Vary: Origin\r\n")));
        EXPECT_THAT(co_await c.ask("GET /none HTTP/1.1\r\nHost: a\r\nOrigin: https://app\r\n\r\n"),
                    AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("Access-Control-Allow-Origin: https://app\r\n")));
    });
}

TEST(cors, answers_preflight_requests) {
    auto routes = routes_with(http::cors({.origins = {"*"}, .methods = {"GET", "PUT"}, .headers = {"X-A"}}), hello);
    with_routes(std::move(routes), [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(
            co_await c.ask(
                "OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://b\r\nAccess-Control-Request-Method: PUT\r\n\r\n"),
            AllOf(StartsWith("HTTP/1.1 204 "), HasSubstr("Access-Control-Allow-Origin: *\r\n"),
                  HasSubstr("Access-Control-Allow-Methods: GET, PUT\r\n"),
                  HasSubstr("Access-Control-Allow-Headers: X-A\r\n"), HasSubstr("Access-Control-Max-Age: 600\r\n")));
    });
    EXPECT_THROW(http::cors({.origins = {"*"}, .credentials = true}), std::invalid_argument);
}

TEST(request_ids, go_along_with_what_works_for_the_request) {
    auto routes = routes_with(http::request_ids(), [](http::request&) -> task<http::response> {
        co_await weft::sleep(1s);
        const http::trace_context here = http::current_trace.get();
        co_return http::response::text(here.request_id + " " + here.traceparent() + " " + here.parent_span);
    });
    with_routes(std::move(routes), [](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(
            "GET / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
        co_await weft::sleep(2s);
        const std::string heard = co_await c.hear();
        const std::string id = heard.substr(heard.find("X-Request-Id: ") + 14, 16);
        EXPECT_THAT(heard, EndsWith("\r\n\r\n" + heard.substr(heard.find("\r\n\r\n") + 4)));
        EXPECT_THAT(heard.substr(heard.find("\r\n\r\n") + 4),
                    MatchesRegex(id + " 00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01 b7ad6b7169203331"));
        EXPECT_EQ(http::current_trace.get().request_id, "");
    });
}

TEST(request_ids, begin_a_trace_where_what_came_is_none) {
    auto routes = routes_with(http::request_ids({.takes_clients = true}), [](http::request&) -> task<http::response> {
        co_return http::response::text(http::current_trace.get().trace_id);
    });
    with_routes(std::move(routes), [](http::server& s) -> task<> {
        for (const char* bad : {"", "00-0af7651916cd43dd8448eb211c80319C-b7ad6b7169203331-01",
                                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"}) {
            conversation c(s);
            const auto heard = co_await c.ask(
                "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-1\r\ntraceparent: " + std::string(bad) + "\r\n\r\n");
            EXPECT_THAT(heard, HasSubstr("X-Request-Id: mine-1\r\n"));
            EXPECT_THAT(heard.substr(heard.find("\r\n\r\n") + 4),
                        AllOf(MatchesRegex("[0-9a-f]{32}"), Not(StartsWith("0af7651916"))));
        }
    });
}

TEST(health, tells_whether_it_is_ready_and_what_it_does) {
    bool is_ready = false;
    http::router routes;
    http::add_health(routes, {.is_ready = [&]() -> task<bool> { co_return is_ready; }});
    with_routes(std::move(routes), [&](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), EndsWith("\r\n\r\nok\n"));
        EXPECT_THAT(co_await c.ask("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 503 "));
        is_ready = true;
        EXPECT_THAT(co_await c.ask("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(co_await c.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), HasSubstr("weft_loop_"));
    });
}

TEST(server_sent_events, are_sent_as_they_come_until_the_client_goes) {
    bool was_cancelled = false;
    http::router routes;
    routes.get("/", [&](http::request&) -> task<http::response> {
        co_return http::send_events([&](http::event_sender& to) -> task<> {
            co_await to.send({.data = "one\ntwo", .event = "tick", .id = "1", .retry = 3s});
            try {
                co_await weft::sleep(1h);
            } catch (const weft::cancelled_error&) {
                was_cancelled = true;
                throw;
            }
        });
    });
    with_routes(std::move(routes), [&](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask(get), AllOf(HasSubstr("Content-Type: text/event-stream\r\n"),
                                               HasSubstr("event: tick\nid: 1\nretry: 3000\ndata: one\ndata: two\n\n")));
        co_await c.client.close();
        co_await weft::sleep(1s);
        EXPECT_TRUE(was_cancelled);
        EXPECT_EQ(s.connections(), 0u);
    });
}

struct number_codec {
    static std::string encode(int n) { return std::to_string(n); }
    template <class T>
    static T decode(std::string_view text) {
        return std::stoi(std::string(text));
    }
};

TEST(json, goes_in_and_out_by_a_codec) {
    http::router routes;
    routes.post("/", [](http::request& r) -> task<http::response> {
        co_return http::json<number_codec>(co_await http::read_json<int, number_codec>(r) + 1);
    });
    with_routes(std::move(routes), [](http::server& s) -> task<> {
        conversation c(s);
        const auto post = [](std::string type, std::string body) {
            return "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: " + type +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        };
        EXPECT_THAT(co_await c.ask(post("application/json; charset=utf-8", "41")),
                    AllOf(HasSubstr("application/json\r\n"), EndsWith("42")));
        EXPECT_THAT(co_await c.ask(post("application/problem+json", "41")), EndsWith("42"));
        EXPECT_THAT(co_await c.ask(post("text/plain", "41")), StartsWith("HTTP/1.1 415 "));
        EXPECT_THAT(co_await c.ask(post("application/json", "x")),
                    AllOf(StartsWith("HTTP/1.1 422 "), HasSubstr("stoi")));
    });
}

}  // namespace
