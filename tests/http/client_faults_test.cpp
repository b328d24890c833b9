// SPDX-License-Identifier: Apache-2.0
#include <weft/http/client.hpp>

#include "http/scripted_server.hpp"

#include <gmock/gmock.h>

// What servers and networks do wrong, and how long a client puts up with it.

using namespace std::chrono_literals;
using namespace weft_test;
using testing::AllOf;
using testing::HasSubstr;
using weft::task;
namespace http = weft::http;

namespace {

/// What asking for "http://a/" and reading the answer throws, as text; "" if it throws nothing.
task<std::string> failure_of(http::client& c) {
    try {
        http::client_response r = co_await c.get("http://a/");
        co_await r.text();
    } catch (const std::exception& e) {
        co_return e.what();
    }
    co_return "";
}

// Faults

TEST(http_client_faults, notices_an_answer_that_is_cut_anywhere) {
    const std::vector<std::string> answers = {
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    };
    for (const std::string& answer : answers) {
        for (std::size_t at = 0; at < answer.size(); ++at) {
            with_scripts({saying(answer.substr(0, at))}, [&](http::client& c, scripted_server&) -> task<> {
                EXPECT_THAT(co_await failure_of(c), HasSubstr("GET http://a/: the server closed the connection"))
                    << answer.substr(0, at);
                EXPECT_EQ(c.connections(), 0u);
            });
        }
    }
}

TEST(http_client_faults, notices_a_reset_anywhere) {
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    const auto resetting = [&](std::size_t at) -> script {
        return [&answer, at](weft::stream s) -> task<> {
            co_await hear_request(s);
            co_await s.write(answer.substr(0, at));
            co_await weft::sleep(1ms);
            s.abort();
        };
    };
    for (std::size_t at = 0; at < answer.size(); ++at) {
        with_scripts({resetting(at)}, [&](http::client& c, scripted_server&) -> task<> {
            EXPECT_NE(co_await failure_of(c), "") << at;
            EXPECT_EQ(c.connections(), 0u);
        });
    }
}

TEST(http_client_faults, refuses_answers_that_two_programs_would_read_differently) {
    const std::string length = "Content-Length: 3\r\n", chunked = "Transfer-Encoding: chunked\r\n", body = "\r\nabc";
    const std::vector<std::string> hostile = {
        "HTTP/1.1 200 OK\r\n" + length + chunked + "\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + length + length + body,
        "HTTP/1.1 200 OK\r\n" + length + "Content-Length: 4\r\n" + body,
        "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n" + body,
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n" + body,
        "HTTP/1.1 200 OK\r\nContent-Length: 0x3\r\n" + body,
        "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n" + body,
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n" + body,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n" + body,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n" + body,
        "HTTP/1.0 200 OK\r\n" + chunked + "\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n" + body,
        "HTTP/1.1 200 OK\r\n Content-Length: 3\r\n" + body,
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n" + length + body,
        std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n", 26) + length + body,
        "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\n" + length + body,
        "HTTP/1.1 204 No Content\r\n" + length + body,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/2.0 200 OK\r\n" + length + body,
        "HTTP/1.1 99 OK\r\n" + length + body,
        "HTTP/1.1 2000 OK\r\n" + length + body,
        "ICY 200 OK\r\n" + length + body,
        "<html>\r\n",
        "HTTP/1.1 200 OK\r\n" + chunked + "\r\n-3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + chunked + "\r\n3\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + chunked + "\r\n3\r\nabcd\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + chunked + "\r\nfffffffffffffffff\r\nabc",
        // Bombs
        "HTTP/1.1 200 OK\r\nX: " + std::string(100000, 'a'),
        "HTTP/1.1 200 " + std::string(100000, 'a'),
        [] {
            std::string fields = "HTTP/1.1 200 OK\r\n";
            for (int i = 0; i < 201; ++i) fields += "A: b\r\n";
            return fields + "\r\n";
        }(),
        [] {
            std::string early;
            for (int i = 0; i < 30; ++i) early += "HTTP/1.1 103 Early Hints\r\n\r\n";
            return early;
        }(),
    };
    for (const std::string& answer : hostile) {
        const script says = [&](weft::stream s) -> task<> {
            co_await hear_request(s);
            co_await s.write(answer);
            co_await weft::sleep(1s);
        };
        with_scripts({says}, [&](http::client& c, scripted_server&) -> task<> {
            bool is_refused = false;
            try {
                http::client_response r = co_await c.get("http://a/");
                co_await r.text();
            } catch (const http::client_error& e) {
                is_refused = e.code() == http::client_errc::malformed || e.code() == http::client_errc::too_large;
            }
            EXPECT_TRUE(is_refused) << answer.substr(0, 200);
            EXPECT_EQ(c.connections(), 0u) << answer.substr(0, 200);
        });
    }
}

TEST(http_client_faults, does_not_use_a_connection_again_on_which_more_came) {
    with_scripts({saying(ok("a") + ok("injected")), answering({ok("b")})},
                 [](http::client& c, scripted_server& s) -> task<> {
                     http::client_response first = co_await c.get("http://a/");
                     EXPECT_EQ(co_await first.text(), "a");
                     http::client_response second = co_await c.get("http://a/");
                     EXPECT_EQ(co_await second.text(), "b");
                     EXPECT_EQ(s.connected_to.size(), 2u);
                 });
}

TEST(http_client_faults, does_not_use_a_connection_again_whose_body_was_not_read) {
    const std::string large = ok(std::string(200000, 'x'));
    const script says = [&](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await s.write(large);
    };
    with_scripts({says, answering({ok("b")})}, [](http::client& c, scripted_server& s) -> task<> {
        {
            http::client_response first = co_await c.get("http://a/");
            co_await first.read(10);
        }
        EXPECT_EQ(c.connections(), 0u);
        http::client_response second = co_await c.get("http://a/");
        EXPECT_EQ(co_await second.text(), "b");
        EXPECT_EQ(s.connected_to.size(), 2u);
    });
}

TEST(http_client_faults, uses_a_connection_again_whose_unread_body_is_there) {
    with_scripts({answering({ok("abc"), ok("b")}, nullptr, false)}, [](http::client& c, scripted_server& s) -> task<> {
        co_await c.get("http://a/");
        EXPECT_EQ(c.idle_connections(), 1u);
        http::client_response second = co_await c.get("http://a/");
        EXPECT_EQ(co_await second.text(), "b");
        EXPECT_EQ(s.connected_to.size(), 1u);
    });
}

// Retries

TEST(http_client_faults, tries_again_on_a_connection_that_was_closed_at_that_moment) {
    const script closes = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await s.write(ok("a"));
        co_await hear_request(s);
    };
    with_scripts({closes, answering({ok("b")})}, [](http::client& c, scripted_server& s) -> task<> {
        http::client_response first = co_await c.get("http://a/");
        EXPECT_EQ(co_await first.text(), "a");
        http::client_response second = co_await c.get("http://a/");
        EXPECT_EQ(co_await second.text(), "b");
        EXPECT_EQ(s.connected_to.size(), 2u);
    });
}

TEST(http_client_faults, does_not_try_again_what_is_not_idempotent) {
    const script closes = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await s.write(ok("a"));
        co_await hear_request(s);
    };
    with_scripts({closes}, [](http::client& c, scripted_server& s) -> task<> {
        http::client_response first = co_await c.get("http://a/");
        co_await first.text();
        EXPECT_THROW(co_await c.post("http://a/", "x"), http::client_error);
        EXPECT_EQ(s.connected_to.size(), 1u);
    });
}

TEST(http_client_faults, does_not_try_again_after_a_byte_of_an_answer) {
    const script closes = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await s.write(ok("a"));
        co_await hear_request(s);
        co_await s.write("H");
    };
    with_scripts({closes}, {.retries = {.retries = 5}}, [](http::client& c, scripted_server& s) -> task<> {
        http::client_response first = co_await c.get("http://a/");
        co_await first.text();
        EXPECT_THROW(co_await c.get("http://a/"), http::client_error);
        EXPECT_EQ(s.connected_to.size(), 1u);
    });
}

TEST(http_client_faults, tries_again_as_often_as_it_is_told_to_and_waits_longer_each_time) {
    const script closes = [](weft::stream s) -> task<> { co_await hear_request(s); };
    const http::retry_policy thrice = {.retries = 3, .backoff = 1s, .most = 3s};
    with_scripts({closes}, {.retries = thrice}, [](http::client& c, scripted_server& s) -> task<> {
        const auto began = weft::get_running_loop().time();
        EXPECT_THROW(co_await c.get("http://a/"), http::client_error);
        EXPECT_EQ(s.connected_to.size(), 4u);
        EXPECT_EQ(weft::get_running_loop().time() - began, 1s + 2s + 3s);
        EXPECT_THROW(co_await c.get("http://a/", {.retries = http::retry_policy()}), http::client_error);
        EXPECT_EQ(s.connected_to.size(), 5u);
    });
}

// Timeouts

/// Fails by a timeout with all of `parts` in its message, when `after` has passed.
task<> expect_timeout(http::client& c, std::chrono::nanoseconds after, std::string phase) {
    const auto began = weft::get_running_loop().time();
    std::string message;
    try {
        http::client_response r = co_await c.post("http://a/", std::string(1000000, 'x'));
        co_await r.text();
    } catch (const weft::timeout_error& e) {
        message = e.what();
    }
    EXPECT_THAT(message, AllOf(HasSubstr("POST http://a/: timed out"), HasSubstr(phase)));
    EXPECT_EQ(weft::get_running_loop().time() - began, after);
    EXPECT_EQ(c.connections(), 0u);
}

TEST(http_client_timeouts, of_connecting) {
    weft::testing::run([]() -> task<> {
        http::client c({.timeouts = {.connect = 7s}, .connector = [](const http::origin&) -> task<weft::stream> {
                            co_await weft::sleep(1h);
                            co_return weft::stream();
                        }});
        co_await expect_timeout(c, 7s, "while connecting (7 s)");
    }());
}

TEST(http_client_timeouts, of_sending) {
    const script never_reads = [](weft::stream) -> task<> { co_await weft::sleep(1h); };
    with_scripts({[=](weft::stream s) -> task<> {
                     weft::stream kept = std::move(s);
                     co_await weft::sleep(1h);
                 }},
                 {.timeouts = {.send = 8s}},
                 [](http::client& c, scripted_server&) -> task<> { co_await expect_timeout(c, 8s, "while sending"); });
}

TEST(http_client_timeouts, of_the_first_byte) {
    const script says_nothing = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await weft::sleep(1h);
    };
    with_scripts({says_nothing}, {.timeouts = {.first_byte = 9s}}, [](http::client& c, scripted_server&) -> task<> {
        co_await expect_timeout(c, 9s, "while waiting for the answer");
    });
}

TEST(http_client_timeouts, between_bytes) {
    const script stalls = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        for (int i = 0; i < 3; ++i) {
            co_await weft::sleep(4s);
            co_await s.write(i == 0 ? "HTTP/1.1 200 OK\r\n\r\n" : "a");
        }
        co_await weft::sleep(1h);
    };
    with_scripts({stalls}, {.timeouts = {.between_bytes = 5s}}, [](http::client& c, scripted_server&) -> task<> {
        co_await expect_timeout(c, 17s, "while receiving the answer (5 s)");
    });
}

TEST(http_client_timeouts, of_it_all) {
    const script drips = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await s.write("HTTP/1.1 200 OK\r\n\r\n");
        for (;;) {
            co_await weft::sleep(1s);
            co_await s.write("a");
        }
    };
    with_scripts({drips}, {.timeouts = {.total = 10s}},
                 [](http::client& c, scripted_server&) -> task<> { co_await expect_timeout(c, 10s, "(10 s in all)"); });
}

TEST(http_client_timeouts, of_one_request_are_its_own) {
    const script says_nothing = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await weft::sleep(1h);
    };
    with_scripts({says_nothing}, [](http::client& c, scripted_server&) -> task<> {
        const auto began = weft::get_running_loop().time();
        EXPECT_THROW(co_await c.get("http://a/", {.timeouts = http::client_timeouts{.total = 3s}}),
                     weft::timeout_error);
        EXPECT_EQ(weft::get_running_loop().time() - began, 3s);
    });
}

TEST(http_client_timeouts, can_be_none) {
    const script is_slow = [](weft::stream s) -> task<> {
        co_await hear_request(s);
        co_await weft::sleep(100h);
        co_await s.write(ok("a"));
    };
    const http::client_timeouts none = {.first_byte = std::nullopt, .total = std::nullopt};
    with_scripts({is_slow}, {.timeouts = none}, [](http::client& c, scripted_server&) -> task<> {
        http::client_response r = co_await c.get("http://a/");
        EXPECT_EQ(co_await r.text(), "a");
    });
}

}  // namespace
