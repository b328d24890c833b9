// SPDX-License-Identifier: Apache-2.0
#include <weft/http/server.hpp>

#include "http/talk.hpp"

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

// What it is for

TEST(http_server, answers_and_goes_on) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_EQ(co_await c.ask(get), hello_answer);
        EXPECT_EQ(co_await c.ask(get), hello_answer);
        EXPECT_FALSE(c.has_ended());
    });
}

TEST(http_server, says_the_date) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(get);
        co_await weft::sleep(1ms);
        EXPECT_THAT(std::string(c.client.buffered()), HasSubstr("\r\nDate: "));
    });
}

TEST(http_server, answers_pipelined_requests_in_their_order) {
    const auto slow_first = [](http::request& r) -> task<http::response> {
        if (r.path() == "/1") co_await weft::sleep(1s);
        co_return http::response::text(std::string(r.path()));
    };
    with_server(slow_first, [](http::server& s) -> task<> {
        conversation c(s);
        co_await c.say(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(co_await c.hear(), "");
        co_await weft::sleep(1s);
        const std::string heard = co_await c.hear();
        EXPECT_LT(heard.find("/1"), heard.find("/2"));
        EXPECT_LT(heard.find("/2"), heard.find("/3"));
        EXPECT_NE(heard.find("/3"), std::string::npos);
    });
}

TEST(http_server, works_byte_by_byte) {
    with_server(echo, [](http::server& s) -> task<> {
        conversation c(s);
        for (const char each : std::string_view(
                 "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) {
            co_await c.say(std::string_view(&each, 1));
            co_await weft::sleep(1ms);
        }
        EXPECT_THAT(co_await c.hear(), EndsWith("\r\n\r\nabc"));
    });
}

TEST(http_server, closes_when_the_client_asks_for_it) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                    HasSubstr("Connection: close\r\n"));
        EXPECT_TRUE(c.has_ended());
    });
}

TEST(http_server, speaks_http_1_0) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation once(s);
        EXPECT_THAT(co_await once.ask("GET / HTTP/1.0\r\n\r\n"),
                    AllOf(EndsWith("hello\n"), HasSubstr("Connection: close\r\n")));
        EXPECT_TRUE(once.has_ended());
        conversation kept(s);
        EXPECT_THAT(co_await kept.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
                    HasSubstr("Connection: keep-alive\r\n"));
        EXPECT_FALSE(kept.has_ended());
    });
}

TEST(http_server, answers_head_without_a_body) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
                    AllOf(HasSubstr("Content-Length: 6\r\n"), EndsWith("\r\n\r\n")));
        EXPECT_EQ(co_await c.ask(get), hello_answer);
    });
}

// Bodies

TEST(http_server, reads_bodies_that_are_counted) {
    with_server(echo, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab"), IsEmpty());
        EXPECT_THAT(co_await c.ask("cGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                    AllOf(HasSubstr("\r\n\r\nabc"), EndsWith("Length: 0\r\n\r\n")));
    });
}

TEST(http_server, tells_a_client_that_waits_to_go_on_when_the_body_is_asked_for) {
    with_server(echo, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_EQ(co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
                  "HTTP/1.1 100 Continue\r\n\r\n");
        EXPECT_THAT(co_await c.ask("ab"), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nab")));
    });
}

TEST(http_server, ends_a_connection_whose_client_was_answered_before_it_was_told_to_go_on) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
                    AllOf(Not(HasSubstr("100 Continue")), HasSubstr("Connection: close\r\n")));
        EXPECT_TRUE(c.has_ended());
    });
}

TEST(http_server, drops_a_short_body_that_nobody_reads) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_EQ(co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"), hello_answer);
        EXPECT_EQ(co_await c.ask(get), hello_answer);
    });
}

TEST(http_server, refuses_a_body_above_the_limit) {
    with_server(echo, {.limits = {.body_bytes = 4}}, [](http::server& s) -> task<> {
        conversation counted(s);
        EXPECT_THAT(co_await counted.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde"),
                    StartsWith("HTTP/1.1 413 "));
        conversation chunked(s);
        EXPECT_THAT(co_await chunked.ask(
                        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"),
                    StartsWith("HTTP/1.1 413 "));
        conversation full(s);
        EXPECT_THAT(co_await full.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd"), EndsWith("abcd"));
    });
}

TEST(http_server, reads_a_body_piece_by_piece) {
    const auto counts = [](http::request& r) -> task<http::response> {
        std::array<std::byte, 2> piece;
        std::string sizes;
        while (const std::size_t size = co_await r.read_some(piece)) sizes += std::to_string(size);
        co_return http::response::text(sizes);
    };
    with_server(counts, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde"),
                    EndsWith("\r\n\r\n221"));
    });
}

// Answers that are written while they are sent

http::response counting(std::optional<std::uint64_t> size) {
    return http::response::stream(
        [](http::body_writer& to) -> task<> {
            for (const char* each : {"one", "two"}) {
                co_await to.write(each);
                co_await to.flush();
                co_await weft::sleep(1s);
            }
        },
        "text/plain", size);
}

TEST(http_server, sends_what_is_written_in_chunks) {
    with_server([](http::request&) -> task<http::response> { co_return counting(std::nullopt); },
                [](http::server& s) -> task<> {
                    conversation c(s);
                    EXPECT_THAT(co_await c.ask(get),
                                AllOf(HasSubstr("Transfer-Encoding: chunked\r\n"), EndsWith("3\r\none\r\n")));
                    co_await weft::sleep(1s);
                    EXPECT_EQ(co_await c.hear(), "3\r\ntwo\r\n");
                    co_await weft::sleep(1s);
                    EXPECT_EQ(co_await c.hear(), "0\r\n\r\n");
                    EXPECT_FALSE(c.has_ended());
                });
}

TEST(http_server, sends_what_is_written_as_it_is_where_its_size_is_known) {
    with_server([](http::request&) -> task<http::response> { co_return counting(6); },
                [](http::server& s) -> task<> {
                    conversation c(s);
                    EXPECT_THAT(co_await c.ask(get),
                                AllOf(HasSubstr("Content-Length: 6\r\n"), EndsWith("\r\n\r\none")));
                    co_await weft::sleep(2s);
                    EXPECT_EQ(co_await c.hear(), "two");
                });
}

TEST(http_server, ends_the_connection_behind_what_is_written_to_an_old_client) {
    with_server([](http::request&) -> task<http::response> { co_return counting(std::nullopt); },
                [](http::server& s) -> task<> {
                    conversation c(s);
                    co_await c.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
                    co_await weft::sleep(3s);
                    EXPECT_THAT(co_await c.hear(), AllOf(Not(HasSubstr("chunked")), HasSubstr("Connection: close\r\n"),
                                                         EndsWith("\r\n\r\nonetwo")));
                    EXPECT_TRUE(c.has_ended());
                });
}

TEST(http_server, resets_the_connection_when_writing_fails) {
    const auto breaks = [](http::request&) -> task<http::response> {
        co_return http::response::stream([](http::body_writer& to) -> task<> {
            co_await to.write("one");
            throw std::runtime_error("no more");
        });
    };
    with_server(breaks, [](http::server& s) -> task<> {
        int reports = 0;
        weft::get_running_loop().set_exception_handler([&](auto&, const weft::error_context&) { ++reports; });
        conversation c(s);
        co_await c.say(get);
        bool was_reset = false;
        try {
            while (!(co_await c.client.read(100)).empty()) {
            }
        } catch (const std::system_error&) {
            was_reset = true;
        }
        EXPECT_TRUE(was_reset);
        try {
            co_await c.served;
        } catch (const std::runtime_error& e) {
            EXPECT_STREQ(e.what(), "no more");
        }
    });
}

// Errors

TEST(http_server, answers_an_http_error_with_its_status) {
    const auto refuses = [](http::request&) -> task<http::response> {
        throw http::http_error(http::status::too_many_requests, "slowly", {{"Retry-After", "5"}});
        co_return http::response();
    };
    with_server(refuses, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask(get),
                    AllOf(StartsWith("HTTP/1.1 429 Too Many Requests\r\n"), HasSubstr("Retry-After: 5\r\n"),
                          EndsWith("429 Too Many Requests\nslowly\n")));
        EXPECT_FALSE(c.has_ended());
    });
}

TEST(http_server, tells_a_stranger_nothing_of_what_went_wrong_and_the_loop_all) {
    const auto fails = [](http::request&) -> task<http::response> {
        throw std::runtime_error("password is 1234");
        co_return http::response();
    };
    for (const bool debug : {false, true}) {
        with_server(fails, {.debug = debug}, [debug](http::server& s) -> task<> {
            std::string reported;
            weft::get_running_loop().set_exception_handler(
                [&](auto&, const weft::error_context& c) { reported = c.message; });
            conversation c(s);
            const std::string answer = co_await c.ask(get);
            EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
            EXPECT_EQ(answer.find("1234") != std::string::npos, debug);
            EXPECT_EQ(reported, "Unhandled exception in the handler of GET /");
            EXPECT_FALSE(c.has_ended());
        });
    }
}

TEST(http_server, refuses_what_is_no_request_and_closes) {
    with_server(hello, [](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
                    AllOf(StartsWith("HTTP/1.1 400 Bad Request\r\n"), HasSubstr("Connection: close\r\n")));
        EXPECT_TRUE(c.has_ended());
    });
}

TEST(http_server, refuses_a_path_that_leads_out) {
    with_server(hello, [](http::server& s) -> task<> {
        for (const char* path : {"/../etc/passwd", "/%2e%2e/x", "/a%2fb", "/a\\b", "/%00"}) {
            conversation c(s);
            EXPECT_THAT(co_await c.ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
                        StartsWith("HTTP/1.1 400 "))
                << path;
        }
    });
}

}  // namespace
