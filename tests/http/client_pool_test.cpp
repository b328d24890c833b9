// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client.hpp>

#include "http/scripted_server.hpp"

#include <weft/flow/gather.hpp>
#include <weft/flow/wait_for.hpp>
#include <weft/http/server.hpp>
#include <weft/testing/http_client.hpp>

#include <gmock/gmock.h>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::ElementsAre;
using testing::IsEmpty;
using weft::task;
namespace http = weft::http;

namespace {

/// Answers after a second, and notes how many it answers at the same time.
struct slow_server {
    std::size_t now = 0, most = 0;
    std::vector<std::string> order = {};

    http::handler handler() {
        return [this](http::request& r) -> task<http::response> {
            most = std::max(most, ++now);
            order.emplace_back(r.path());
            co_await weft::sleep(1s);
            --now;
            co_return http::response::text(std::string(r.path()));
        };
    }
};

template <class Body>
void with_slow_server(http::client_connections bounds, Body body) {
    weft::testing::run([](http::client_connections b, Body run) -> task<> {
        slow_server slow;
        http::server server(slow.handler());
        weft::testing::http_client client(server, {.connections = b});
        co_await run(client, slow);
    }(bounds, std::move(body)));
}

task<std::string> get(http::client& c, std::string url) {
    http::client_response r = co_await c.get(std::move(url));
    co_return co_await r.text();
}

TEST(http_client_pool, has_so_many_connections_to_an_origin) {
    with_slow_server({.per_origin = 2}, [](http::client& c, slow_server& s) -> task<> {
        std::vector<weft::task_handle<std::string>> all;
        for (int i = 0; i < 7; ++i) all.push_back(weft::create_task(get(c, "/" + std::to_string(i))));
        for (int i = 0; i < 7; ++i)
            EXPECT_EQ(co_await std::move(all[static_cast<std::size_t>(i)]), "/" + std::to_string(i));
        EXPECT_EQ(s.most, 2u);
        EXPECT_THAT(s.order, ElementsAre("/0", "/1", "/2", "/3", "/4", "/5", "/6"));
        EXPECT_EQ(c.connections(), 2u);
        EXPECT_EQ(c.idle_connections(), 2u);
    });
}

TEST(http_client_pool, has_so_many_connections_in_all) {
    with_slow_server({.per_origin = 2, .in_all = 3}, [](http::client& c, slow_server& s) -> task<> {
        std::vector<weft::task_handle<std::string>> all;
        for (int i = 0; i < 12; ++i) all.push_back(weft::create_task(get(c, "http://h" + std::to_string(i % 4) + "/")));
        for (auto& each : all) EXPECT_EQ(co_await std::move(each), "/");
        EXPECT_EQ(s.most, 3u);
        EXPECT_EQ(c.connections(), 3u);
    });
}

TEST(http_client_pool, closes_the_connection_that_was_idle_for_longest_for_another_origin) {
    const auto stays = answering({ok("1"), ok("2"), ok("3")}, nullptr, false);
    with_scripts({stays}, {.connections = {.in_all = 2}}, [](http::client& c, scripted_server& s) -> task<> {
        co_await get(c, "http://a/");
        co_await get(c, "http://b/");
        co_await get(c, "http://c/");
        EXPECT_EQ(c.connections(), 2u);
        co_await get(c, "http://b/");
        co_await get(c, "http://a/");
        EXPECT_THAT(s.connected_to, ElementsAre("http://a:80", "http://b:80", "http://c:80", "http://a:80"));
    });
}

TEST(http_client_pool, tells_origins_apart) {
    const auto stays = answering({ok("1"), ok("2"), ok("3")}, nullptr, false);
    with_scripts({stays}, [](http::client& c, scripted_server& s) -> task<> {
        co_await get(c, "http://a/");
        co_await get(c, "http://a:80/x");
        co_await get(c, "http://A/y");
        EXPECT_EQ(s.connected_to.size(), 1u);
        co_await get(c, "http://a:81/");
        co_await get(c, "http://b/");
        EXPECT_THAT(s.connected_to, ElementsAre("http://a:80", "http://a:81", "http://b:80"));
    });
}

TEST(http_client_pool, closes_what_is_idle_for_too_long) {
    const auto stays = answering({ok("1"), ok("2"), ok("3")}, nullptr, false);
    with_scripts({stays}, {.connections = {.idle = 10s}}, [](http::client& c, scripted_server& s) -> task<> {
        co_await get(c, "http://a/");
        co_await weft::sleep(9s);
        co_await get(c, "http://a/");
        EXPECT_EQ(s.connected_to.size(), 1u);
        co_await weft::sleep(9s);
        EXPECT_EQ(c.connections(), 1u);
        co_await weft::sleep(1001ms);
        EXPECT_EQ(c.connections(), 0u);
        co_await get(c, "http://a/");
        EXPECT_EQ(s.connected_to.size(), 2u);
    });
}

TEST(http_client_pool, replaces_what_the_server_has_closed) {
    with_scripts({answering({ok("1")})}, [](http::client& c, scripted_server& s) -> task<> {
        EXPECT_EQ(co_await get(c, "http://a/"), "1");
        co_await weft::sleep(1s);
        EXPECT_EQ(c.connections(), 0u);
        EXPECT_EQ(co_await get(c, "http://a/"), "1");
        EXPECT_EQ(s.connected_to.size(), 2u);
    });
}

TEST(http_client_pool, replaces_a_connection_that_speaks_unasked) {
    const script says_more = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await s.write(ok("1"));
        co_await weft::sleep(1s);
        co_await s.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
        co_await s.read_all();
    };
    with_scripts({says_more}, [](http::client& c, scripted_server& s) -> task<> {
        EXPECT_EQ(co_await get(c, "http://a/"), "1");
        co_await weft::sleep(2s);
        EXPECT_EQ(co_await get(c, "http://a/"), "1");
        EXPECT_EQ(s.connected_to.size(), 2u);
        EXPECT_EQ(c.connections(), 1u);
    });
}

TEST(http_client_pool, passes_a_place_on_when_connecting_fails) {
    weft::testing::run([]() -> task<> {
        http::client c({.connections = {.per_origin = 1}, .connector = [](const http::origin&) -> task<weft::stream> {
                            co_await weft::sleep(1s);
                            throw std::system_error(std::make_error_code(std::errc::connection_refused), "no");
                        }});
        auto first = weft::create_task(get(c, "http://a/"));
        auto second = weft::create_task(get(c, "http://a/"));
        EXPECT_THROW(co_await std::move(first), std::system_error);
        EXPECT_THROW(co_await std::move(second), std::system_error);
        EXPECT_EQ(c.connections(), 0u);
    }());
}

TEST(http_client_pool, serves_the_next_one_when_one_is_cancelled_while_waiting) {
    with_slow_server({.per_origin = 1}, [](http::client& c, slow_server& s) -> task<> {
        auto first = weft::create_task(get(c, "/1"));
        auto second = weft::create_task(get(c, "/2"));
        auto third = weft::create_task(get(c, "/3"));
        co_await weft::sleep(500ms);
        second.cancel();
        EXPECT_EQ(co_await std::move(third), "/3");
        EXPECT_EQ(co_await std::move(first), "/1");
        EXPECT_THROW(co_await std::move(second), weft::cancelled_error);
        EXPECT_THAT(s.order, ElementsAre("/1", "/3"));
        EXPECT_EQ(c.connections(), 1u);
    });
}

/// One after the other is cancelled a little later, in whatever phase it is then.
TEST(http_client_pool, stays_whole_when_requests_are_cancelled_at_any_time) {
    for (int step = 0; step < 60; ++step) {
        with_slow_server({.per_origin = 1}, [step](http::client& c, slow_server&) -> task<> {
            auto first = weft::create_task(get(c, "/1"));
            auto second = weft::create_task(get(c, "/2"));
            for (int i = 0; i < step % 30; ++i) co_await weft::sleep(0s);
            if (step >= 30) co_await weft::sleep(990ms + std::chrono::milliseconds(step - 30));
            first.cancel();
            try {
                co_await std::move(first);
            } catch (const weft::cancelled_error&) {
            }
            EXPECT_EQ(co_await std::move(second), "/2");
            EXPECT_EQ(c.connections(), 1u) << step;
            EXPECT_EQ(c.idle_connections(), 1u) << step;
        });
    }
}

TEST(http_client_pool, gives_the_place_on_of_one_that_is_given_up) {
    with_slow_server({.per_origin = 1}, [](http::client& c, slow_server&) -> task<> {
        for (const auto after : {0ms, 500ms, 1000ms}) {
            auto first = weft::create_task(get(c, "/1"));
            co_await weft::sleep(0s);
            EXPECT_THROW(co_await weft::wait_for(get(c, "/2"), after + 1ns), weft::timeout_error);
            EXPECT_EQ(co_await std::move(first), "/1");
            EXPECT_EQ(co_await get(c, "/3"), "/3");
            EXPECT_EQ(c.connections(), 1u);
        }
    });
}

TEST(http_client_pool, times_out_a_wait_for_a_connection) {
    with_slow_server({.per_origin = 1}, [](http::client& c, slow_server&) -> task<> {
        auto first = weft::create_task(get(c, "/1"));
        co_await weft::sleep(1ms);
        try {
            co_await c.get("/2", {.timeouts = http::client_timeouts{.pool = 100ms}});
            ADD_FAILURE();
        } catch (const weft::timeout_error& e) {
            EXPECT_STREQ(e.what(),
                         "GET http://testserver/2: timed out while waiting for a connection to be free (0.1 s)");
        }
        EXPECT_EQ(co_await std::move(first), "/1");
    });
}

/// In every phase: connecting, waiting for a connection, for an answer, and for a body.
TEST(http_client_pool, destroyed_while_waiting) {
    const script says_half = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await s.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        co_await weft::sleep(1h);
    };
    const script says_nothing = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await weft::sleep(1h);
    };
    for (const script& each : {says_half, says_nothing}) {
        std::optional<http::client> client;
        scripted_server server({each});
        {
            const auto loop = weft::testing::make_virtual_loop();
            loop->set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
            client.emplace(http::client_options{.connections = {.per_origin = 1}, .connector = server.connector()});
            std::vector<weft::task_handle<std::string>> all;
            for (int i = 0; i < 3; ++i) all.push_back(weft::create_task_on(*loop, get(*client, "http://a/")));
            loop->call_later(1ns, [&] { loop->stop(); });
            loop->run_forever();
            EXPECT_EQ(client->connections(), 1u);
            loop->close();
        }
        EXPECT_EQ(client->connections(), 0u);
    }
}

/// Eight requests by two connections; some are cancelled meanwhile, in whatever order things happen.
TEST(http_client_pool, stays_whole_whatever_the_order) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto body = [](std::uint64_t number) -> task<> {
            slow_server slow;
            http::server server(slow.handler());
            weft::testing::http_client c(server, {.connections = {.per_origin = 2}});
            std::vector<weft::task_handle<std::string>> all;
            for (int i = 0; i < 8; ++i) all.push_back(weft::create_task(get(c, "/" + std::to_string(i))));
            for (std::size_t i = 0; i < 8; ++i) {
                co_await weft::sleep(std::chrono::milliseconds(500 * ((number >> i) & 1)));
                if ((number * 7 + i * 5) % 3 == 0) all[i].cancel();
            }
            std::size_t answered = 0;
            for (std::size_t i = 0; i < 8; ++i) {
                try {
                    EXPECT_EQ(co_await std::move(all[i]), "/" + std::to_string(i));
                    ++answered;
                } catch (const weft::cancelled_error&) {
                }
            }
            EXPECT_GE(answered, 5u);
            EXPECT_LE(slow.most, 4u);  // the server does not know at once that a request was cancelled
            EXPECT_LE(c.connections(), 2u);
            EXPECT_EQ(c.connections(), c.idle_connections());
        };
        weft::testing::run(body(seed), {.seed = seed});
        if (HasFailure()) FAIL() << "seed " << seed;
    }
}

TEST(http_client_pool, lets_a_loop_end_with_requests_under_way) {
    std::optional<http::client> client;
    weft::testing::run([](std::optional<http::client>& c) -> task<> {
        scripted_server server({[](weft::stream s) -> task<> {
            weft::stream kept = std::move(s);
            co_await weft::sleep(1h);
        }});
        c.emplace(http::client_options{.connections = {.per_origin = 1}, .connector = server.connector()});
        weft::spawn([](http::client& asked) -> task<> { co_await asked.get("http://a/"); }(*c));
        weft::spawn([](http::client& asked) -> task<> { co_await asked.get("http://a/"); }(*c));
        co_await weft::sleep(1s);
    }(client));
    EXPECT_EQ(client->connections(), 0u);
}

}  // namespace
