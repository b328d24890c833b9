// SPDX-License-Identifier: Apache-2.0
// The public surface of HTTP as a program outside would write it: a server, its routes and what stands around them, and the
// client that asks it, in memory and on a virtual clock.
#include <weft/http/client.hpp>
#include <weft/http/cors.hpp>
#include <weft/http/deadline.hpp>
#include <weft/http/health.hpp>
#include <weft/http/json.hpp>
#include <weft/http/rate_limit.hpp>
#include <weft/http/request_id.hpp>
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/http/server_sent_events.hpp>
#include <weft/http/signer.hpp>
#include <weft/http/static_files.hpp>
#include <weft/testing/http_client.hpp>
#include <weft/weft.hpp>

#include "contract/connected.hpp"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <fstream>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace http = weft::http;
using namespace std::chrono_literals;

namespace {

// Handlers of every kind

weft::task<http::response> hello(http::request&) { co_return http::response::text("hello\n"); }
weft::task<http::response> user(const http::request& r) {
    co_return http::response::text("user " + std::to_string(r.parameter<int>("id")));
}
/// What a request tells of is views.
weft::task<http::response> name(http::request& r) { co_return http::response::text(r.parameter("name")); }
weft::task<http::response> agent(http::request& r) {
    const http::status found = r.header("User-Agent").empty() ? http::status::not_found : http::status::ok;
    http::response answer(found, r.header("User-Agent"));
    answer.set_cookie(r, "agent", r.parameter("cookie"));
    co_return answer;
}

struct shop {
    int asked = 0;
    weft::task<http::response> stock(http::request&) {
        co_return http::response::json("{\"asked\": " + std::to_string(++asked) + "}");
    }
};

struct numbers {
    static std::string encode(int n) { return std::to_string(n); }
    template <class T>
    static T decode(std::string_view text) {
        T n{};
        if (std::from_chars(text.data(), text.data() + text.size(), n).ec != std::errc()) {
            throw std::invalid_argument("no number");
        }
        return n;
    }
};

http::router routes(shop& s) {
    http::router all;
    all.get("/", hello);
    all.get("/users/{id:int}", user, {.name = "user"});
    all.get("/name/{name}", name);
    all.get("/agent/{cookie}", &agent);
    all.get("/stock", [&s](http::request& r) { return s.stock(r); });
    all.get("/bound", std::bind_front(&shop::stock, &s));
    all.get("/query", [](http::request& r) -> weft::task<http::response> {
        const int page = r.query_params().get_or("page", 1);
        std::string text = std::to_string(page);
        for (const auto& [n, value] : r.query_params()) text += " " + n + "=" + value;
        co_return http::response::html(text).with("Cache-Control", "no-store");
    });
    all.post("/shout",
             [](http::request& r) -> weft::task<http::response> {
                 const std::string body = co_await r.body();
                 co_return http::response(http::status::created, body + "!");
             },
             {.body_limit = 100});
    all.post("/twice", [](http::request& r) -> weft::task<http::response> {
        const int n = co_await http::read_json<int, numbers>(r);
        co_return http::json<numbers>(2 * n);
    });
    all.post("/form", [](http::request& r) -> weft::task<http::response> {
        const http::form fields = co_await r.any_form();
        co_return http::response::text(fields.get<std::string>("title"));
    });
    all.put("/it", hello);
    all.patch("/it", hello);
    all.del("/it",
            [](http::request&) -> weft::task<http::response> { co_return http::response(http::status::no_content); });
    all.get("/old", [](http::request&) -> weft::task<http::response> { co_return http::response::redirect("/"); });
    all.get("/missing", [](http::request& r) -> weft::task<http::response> {
        throw http::http_error(http::status::not_found, r.path());
    });
    all.get("/pieces", [](http::request&) -> weft::task<http::response> {
        co_return http::response::stream(
            [](http::body_writer& to) -> weft::task<> {
                const std::array bytes{std::byte{'a'}, std::byte{'b'}};
                co_await to.write("text ");
                co_await to.write(std::string("string "));
                co_await to.write(bytes);
                co_await to.flush();
            },
            "text/plain");
    });
    all.get("/events", [](http::request&) -> weft::task<http::response> {
        co_return http::send_events([](http::event_sender& to) -> weft::task<> {
            for (int i = 0; i < 2; ++i, co_await weft::sleep(1s)) co_await to.send({.data = std::to_string(i)});
        });
    });
    return all;
}

weft::task<std::string> body_of(http::client& client, std::string url) {
    http::client_response r = co_await client.get(std::move(url));
    r.raise_for_status();
    co_return co_await r.text();
}

weft::task<> handlers() {
    shop s;
    http::router all = routes(s);
    EXPECT_EQ(all.url_for("user", {{"id", "17"}}), "/users/17");
    http::server server(std::move(all));
    weft::testing::http_client client(server);

    EXPECT_EQ(co_await body_of(client, "/"), "hello\n");
    EXPECT_EQ(co_await body_of(client, "/users/17"), "user 17");
    EXPECT_EQ(co_await body_of(client, "/name/Ada%20L"), "Ada L");
    EXPECT_EQ(co_await body_of(client, "/stock"), "{\"asked\": 1}");
    EXPECT_EQ(co_await body_of(client, "/bound"), "{\"asked\": 2}");
    EXPECT_EQ(co_await body_of(client, "/query?page=3&x=%C3%A4"), "3 page=3 x=\xC3\xA4");
    EXPECT_EQ(co_await body_of(client, "/old"), "hello\n");
    EXPECT_EQ(co_await body_of(client, "/pieces"), "text string ab");
    EXPECT_EQ(co_await body_of(client, "/events"), "data: 0\n\ndata: 1\n\n");

    auto named = co_await client.get("/agent/v", {.headers = {{"User-Agent", "me"}}});
    EXPECT_EQ(co_await named.text(), "me");
    EXPECT_TRUE(named.header("Set-Cookie").starts_with("agent=v;"));
    auto missing = co_await client.get("/missing");
    EXPECT_EQ(missing.status(), http::status::not_found);
    EXPECT_NE((co_await missing.text()).find("/missing"), std::string::npos);
    EXPECT_THROW(missing.raise_for_status(), http::http_error);
    auto wrong = co_await client.post("/users/17", "");
    EXPECT_EQ(wrong.status(), http::status::method_not_allowed);
    EXPECT_EQ(wrong.header("allow"), "GET, HEAD, OPTIONS");
    auto head = co_await client.head("/");
    EXPECT_EQ(head.header("Content-Length"), "6");
    EXPECT_EQ((co_await client.del("/it")).status(), http::status::no_content);
    EXPECT_TRUE((co_await client.request(http::method::patch, "/it")).ok());
    EXPECT_TRUE((co_await client.put("/it", {})).ok());
    EXPECT_EQ((co_await client.options("/it")).header("Allow"), "PUT, PATCH, DELETE, OPTIONS");
}

TEST(contract, web_handlers) { weft::testing::run(handlers()); }

weft::task<> bodies() {
    shop s;
    http::server server(routes(s));
    weft::testing::http_client client(server, {.headers = {{"X-All", "yes"}}});
    const auto shout = [&client](http::request_body body) -> weft::task<std::string> {
        http::client_response r = co_await client.post("/shout", std::move(body));
        EXPECT_EQ(r.status(), http::status::created);
        co_return co_await r.text();
    };
    const std::string text = "string";
    const std::vector<std::byte> bytes(3, std::byte{'b'});
    EXPECT_EQ(co_await shout("literal"), "literal!");
    EXPECT_EQ(co_await shout(text), "string!");
    EXPECT_EQ(co_await shout(std::string_view(text).substr(3)), "ing!");
    EXPECT_EQ(co_await shout(bytes), "bbb!");
    EXPECT_EQ(co_await shout(std::span(bytes).first(1)), "b!");
    EXPECT_EQ(co_await shout({}), "!");
    http::request_body streamed = http::request_body::stream([](http::body_writer& to) { return to.write("late"); });
    EXPECT_EQ(co_await shout(std::move(streamed)), "late!");
    auto too_long = co_await client.post("/shout", std::string(101, 'x'));
    EXPECT_EQ(too_long.status(), http::status::content_too_large);

    auto twice = co_await client.post("/twice", http::request_body::json("21"));
    EXPECT_EQ(co_await twice.text(), "42");
    EXPECT_EQ((co_await client.post("/twice", http::request_body::json("x"))).status(),
              http::status::unprocessable_content);
    http::form form;
    form.add("title", "a & b");
    http::multipart_form parts;
    parts.add("title", "in parts");
    auto answer = co_await client.post("/form", form);
    EXPECT_EQ(co_await answer.text(), "a & b");
    answer = co_await client.post("/form", std::move(parts));
    EXPECT_EQ(co_await answer.text(), "in parts");
    http::form query;
    query.add("page", "2");
    auto asked = co_await client.get("/query", {.query = query});
    EXPECT_EQ(co_await asked.text(), "2 page=2");
}

TEST(contract, web_bodies) { weft::testing::run(bodies()); }

// What stands around handlers

weft::task<http::response> timed(http::request& r, http::next next) {
    http::response answer = co_await next(r);
    answer.headers().set("X-Timed", "yes");
    co_return answer;
}

weft::task<> around(std::string folder) {
    http::router inner;
    inner.use(timed);
    inner.get("/slow", [](http::request&) -> weft::task<http::response> {
        co_await weft::sleep(1h);
        co_return http::response::text("late");
    });
    http::router outer;
    outer.use(http::request_ids());
    outer.use(http::cors({.origins = {"https://app.example.org"}}));
    outer.use(http::rate_limit({.requests = 100, .per = 1s, .burst = 100}));
    outer.use(http::deadline(5s));
    outer.mount("/api", std::move(inner));
    outer.get("/files/{path:path}", http::static_files(folder, {.max_age = 1h}));
    http::add_health(outer, {.is_ready = []() -> weft::task<bool> { co_return true; }});
    std::vector<std::string> log;
    http::server server(std::move(outer), {.access_log = [&log](const http::access_record& a) {
                            log.push_back(std::string(a.asked.path()) + " " + std::to_string(to_number(a.status)));
                        }});
    weft::testing::http_client client(server);

    auto slow = co_await client.get("/api/slow", {.headers = {{"Origin", "https://app.example.org"}}});
    EXPECT_EQ(slow.status(), http::status::service_unavailable);
    EXPECT_FALSE(slow.header("X-Request-Id").empty());
    EXPECT_EQ(slow.header("Access-Control-Allow-Origin"), "https://app.example.org");
    auto file = co_await client.get("/files/a.txt");
    EXPECT_EQ(co_await file.text(), "of a file");
    EXPECT_EQ(file.header("Cache-Control"), "max-age=3600");
    for (const char* path : {"/healthz", "/readyz", "/metrics"}) EXPECT_TRUE((co_await client.get(path)).ok()) << path;
    EXPECT_EQ(log.front(), "/api/slow 503");
}

TEST(contract, web_middleware) {
    const weft_contract::folder own;
    std::ofstream(own / "a.txt") << "of a file";
    weft::testing::run(around(own.path));
}

weft::task<> cookies(http::signer by) {
    http::server server([by](http::request& r) -> weft::task<http::response> {
        http::response answer = http::response::text(r.signed_cookie(by, "who").value_or("nobody"));
        answer.set_signed_cookie(r, by, {.name = "who", .value = "Ada", .max_age = 1h});
        co_return answer;
    });
    weft::testing::http_client client(server);
    EXPECT_EQ(co_await body_of(client, "/"), "nobody");
    EXPECT_EQ(co_await body_of(client, "/"), "Ada");
}

TEST(contract, web_cookies) {
    try {
        weft::testing::run(cookies(http::signer({std::string(32, 'k')})));
    } catch (const std::system_error& e) {
        if (e.code() == std::errc::function_not_supported) GTEST_SKIP() << "built without TLS";
        throw;
    }
}

// On a socket

TEST(contract, web_server) {
    weft::testing::run([]() -> weft::task<> {
        http::server server(hello, {.port = 0});
        auto serving = weft::create_task(server.serve_forever());
        co_await weft::yield_now();
        http::client client({.timeouts = {.total = 10s}});
        const std::string url = "http://127.0.0.1:" + std::to_string(server.port());
        auto [a, b] = co_await weft::gather(body_of(client, url), body_of(client, url + "/any"));
        EXPECT_EQ(a + b, "hello\nhello\n");
        EXPECT_THROW(co_await client.get("http://127.0.0.1:1/"), weft::connect_error);
        client.close_idle();
        serving.cancel();
        co_await serving;  // returns
        EXPECT_FALSE(serving.cancelled());
    }());
}

}  // namespace
