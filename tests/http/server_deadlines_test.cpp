// SPDX-License-Identifier: Apache-2.0
// Clients that are slow or go, and servers that close.
#include <weft/http/server.hpp>

#include "http/talk.hpp"

#include <weft/net/connection.hpp>

#include <gmock/gmock.h>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

TEST(http_server, gives_up_a_head_that_does_not_come) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say("GET / HT");
        co_await weft::sleep(9s);
        EXPECT_EQ(co_await c.hear(), "");
        co_await weft::sleep(3s);
        EXPECT_THAT(co_await c.hear(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
        EXPECT_TRUE(c.has_ended());
    });
}

TEST(http_server, gives_up_a_head_that_comes_byte_by_byte) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        std::string heard;
        for (int i = 0; i < 13 && heard.empty(); ++i) {
            co_await c.say("G");
            co_await weft::sleep(999ms);
            heard = co_await c.hear();
        }
        EXPECT_THAT(heard, StartsWith("HTTP/1.1 408 "));
    });
}

TEST(http_server, closes_an_idle_connection_without_a_word) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_EQ(co_await c.ask(get), hello_answer);
        co_await weft::sleep(59s);
        EXPECT_FALSE(c.has_ended());
        co_await weft::sleep(3s);
        EXPECT_EQ(co_await c.hear(), "");
        EXPECT_TRUE(c.has_ended());
        EXPECT_EQ(s.connections(), 0u);
    });
}

TEST(http_server, gives_up_a_body_that_is_too_slow) {
    with_server(echo, [](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
        std::string heard;
        for (int i = 0; i < 12 && heard.empty(); ++i) {
            co_await c.say("slow");
            co_await weft::sleep(999ms);
            heard = co_await c.hear();
        }
        EXPECT_THAT(heard, StartsWith("HTTP/1.1 408 "));
    });
}

TEST(http_server, resets_a_client_that_takes_nothing) {
    const auto much = [](http::request&) -> task<http::response> {
        co_return http::response::text(std::string(1 << 20, 'x'));
    };
    with_server(much, [](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(get);
        co_await weft::sleep(28s);
        EXPECT_EQ(s.connections(), 1u);
        co_await weft::sleep(5s);
        EXPECT_EQ(s.connections(), 0u);
    });
}

TEST(http_server, resets_a_client_that_takes_an_answer_byte_by_byte) {
    const auto much = [](http::request&) -> task<http::response> {
        co_return http::response::text(std::string(1 << 20, 'x'));
    };
    with_server(much, [](http::server& s) -> task<> {
        auto [client, served] = weft::testing::memory_stream_pair({.limit = 256, .capacity = 256});
        const auto serving = weft::create_task(s.serve_connection(std::move(served)));
        co_await client.write(get);
        for (int i = 0; i < 28; ++i) {
            EXPECT_FALSE((co_await client.read(200)).empty());
            co_await weft::sleep(1s);
        }
        EXPECT_EQ(s.connections(), 1u);
        co_await weft::sleep(5s);
        EXPECT_EQ(s.connections(), 0u);
    });
}

TEST(http_server, bears_a_client_that_takes_a_stream_slowly_that_is_written_fast) {
    const auto endless = [](http::request&) -> task<http::response> {
        co_return http::response::stream([](http::body_writer& to) -> task<> {
            for (;;) co_await to.write(std::string(10'000, 'x'));
        });
    };
    with_server(endless, [](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(get);
        for (int i = 0; i < 120; ++i) {
            static_cast<void>(co_await c.client.read(10'000));
            co_await weft::sleep(1s);
        }
        EXPECT_EQ(s.connections(), 1u);
    });
}

TEST(http_server, bears_a_client_that_takes_a_long_answer_slowly) {
    const auto much = [](http::request&) -> task<http::response> {
        co_return http::response::text(std::string(1 << 20, 'x'));
    };
    with_server(much, [](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(get);
        std::size_t taken = 0;
        for (int i = 0; i < 120; ++i) {
            taken += (co_await c.client.read(4096)).size();
            co_await weft::sleep(1s);
        }
        EXPECT_EQ(s.connections(), 1u);
        EXPECT_GT(taken, 300'000u);
    });
}

TEST(http_server, bears_a_client_that_takes_the_last_answer_slowly_and_has_asked_for_more) {
    constexpr std::size_t size = 1 << 20;
    const auto much = [](http::request&) -> task<http::response> {
        co_return http::response::text(std::string(size, 'x'));
    };
    with_server(much, [&](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + std::string(get));
        std::size_t taken = 0;
        try {
            while (const std::size_t count = (co_await c.client.read(10'000)).size()) {
                taken += count;
                co_await weft::sleep(1s);
            }
        } catch (const std::system_error& e) {
            ADD_FAILURE() << e.what();
        }
        EXPECT_GT(taken, size);
    });
}

TEST(http_server, cancels_a_handler_whose_client_has_gone) {
    bool was_cancelled = false;
    const auto waits = [&](http::request&) -> task<http::response> {
        try {
            co_await weft::sleep(1h);
        } catch (const weft::cancelled_error&) {
            was_cancelled = true;
            throw;
        }
        co_return http::response();
    };
    with_server(waits, [&](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(get);
        co_await weft::sleep(1s);
        EXPECT_EQ(s.requests(), 1u);
        co_await c.client.close();
        co_await weft::sleep(1s);
        EXPECT_TRUE(was_cancelled);
        EXPECT_EQ(s.connections(), 0u);
        co_await c.served;  // which ends without an error
    });
}

TEST(http_server, takes_so_many_requests_a_connection) {
    with_server(hello, {.limits = {.requests_per_connection = 2}}, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_EQ(co_await c.ask(get), hello_answer);
        EXPECT_THAT(co_await c.ask(get), HasSubstr("Connection: close\r\n"));
        EXPECT_TRUE(c.has_ended());
    });
}

// The end

TEST(http_server, that_is_closed_ends_idle_connections_and_answers_what_has_begun) {
    const auto slow = [](http::request&) -> task<http::response> {
        co_await weft::sleep(5s);
        co_return http::response::text("done");
    };
    with_server(slow, [](http::server& s) -> task<> {
        conversation idle(s), busy(s);
        co_await busy.say(get);
        co_await weft::sleep(1s);
        s.close();
        co_await weft::sleep(1s);
        EXPECT_TRUE(idle.has_ended());
        EXPECT_FALSE(busy.has_ended());
        co_await weft::sleep(4s);
        EXPECT_THAT(co_await busy.hear(), AllOf(HasSubstr("Connection: close\r\n"), EndsWith("done")));
        EXPECT_TRUE(busy.has_ended());
        EXPECT_EQ(s.connections(), 0u);
    });
}

/// It is waited for before it is closed, and a request is under way that does not end.
task<> wait_for_what_does_not_end() {
    bool was_cancelled = false;
    const auto waits = [&](http::request&) -> task<http::response> {
        try {
            co_await weft::sleep(24h);
        } catch (const weft::cancelled_error&) {
            was_cancelled = true;
            throw;
        }
        co_return http::response();
    };
    http::server s(waits, {.port = 0, .drain_timeout = 5s});
    co_await s.start();
    const auto ended = weft::create_task(s.wait_closed());
    weft::stream client = co_await weft::open_connection("127.0.0.1", s.port());
    co_await client.write(get);
    while (s.requests() == 0) co_await weft::sleep(1ms);
    EXPECT_FALSE(ended.done());
    const auto closed = weft::get_running_loop().time();
    s.close();
    co_await ended;
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(weft::get_running_loop().time() - closed, 5s);
    EXPECT_EQ(s.connections(), 0u);
    co_await s.wait_closed();
}
TEST(http_server, that_is_closed_while_it_is_waited_for_keeps_its_drain_timeout) {
    weft::testing::run(wait_for_what_does_not_end());
}

TEST(http_server, hands_a_connection_over_to_another_protocol) {
    const auto upgrades = [](http::request&) -> task<http::response> {
        co_return http::response::switch_protocols("shout", [](weft::stream s) -> task<> {
            while (auto line = co_await s.read_line()) {
                std::ranges::transform(*line, line->begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
                co_await s.write(*line + "\n");
            }
        });
    };
    with_server(upgrades, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_EQ(co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\nfirst\n"),
                  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nFIRST\n");
        co_await weft::sleep(24h);
        EXPECT_EQ(co_await c.ask("second\n"), "SECOND\n");
        co_await c.client.close();
        co_await c.served;
    });
}

TEST(http_server, logs_what_it_has_answered) {
    std::string logged;
    with_server(echo,
                {.access_log =
                     [&](const http::access_record& r) {
                         logged += std::string(r.asked.target()) + ' ' + std::to_string(http::to_number(r.status)) +
                                   ' ' + std::to_string(r.body_bytes);
                     }},
                [](http::server& s) -> task<> {
                    conversation c(s);
                    co_await c.ask("POST /x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
                });
    EXPECT_EQ(logged, "/x?y 200 3");
}

}  // namespace
