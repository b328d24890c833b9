// SPDX-License-Identifier: Apache-2.0
// Bodies that are read while their answer is sent, or after it.
#include <weft/http/server.hpp>

#include "http/talk.hpp"

#include <weft/base/errors.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/run.hpp>
#include <weft/net/connection.hpp>

#include <gmock/gmock.h>

#include <array>
#include <optional>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

/// What is read goes back at once, in the same chunks.
task<http::response> echo_piece_by_piece(http::request& r) {
    co_return http::response::stream([&r](http::body_writer& to) -> task<> {
        std::array<std::byte, 10'000> buffer;
        for (;;) {
            const std::size_t count = co_await r.read_some(buffer);
            if (count == 0) break;
            co_await to.write({reinterpret_cast<const char*>(buffer.data()), count});
        }
    });
}

task<> echo_by_a_socket() {
    constexpr std::size_t size = 5'000'000;
    http::server server(echo_piece_by_piece, {.port = 0, .limits = {.body_bytes = size}});
    co_await server.start();
    weft::stream client = co_await weft::open_connection("127.0.0.1", server.port());
    std::string body;
    for (unsigned i = 0; body.size() < size; ++i) body += std::to_string(i);
    body.resize(size);
    const std::string asked = "POST / HTTP/1.0\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + body;
    const auto saying = weft::create_task(
        [](weft::stream& to, const std::string& text) -> task<> { co_await to.write(text); }(client, asked));
    const std::string heard = co_await client.read_all();
    EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(heard.substr(heard.find("\r\n\r\n") + 4) == body);
    co_await saying;
}

TEST(http_server, lets_a_streamed_answer_be_made_of_the_body_to_its_last_byte) { weft::run(echo_by_a_socket()); }

/// Without another byte behind those that come while the answer waits for its client.
task<> echo_in_memory(std::size_t size) {
    http::server server(echo_piece_by_piece);
    conversation c(server);
    const std::string body(size, 'x');
    const std::string asked = "POST / HTTP/1.0\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + body;
    const auto saying = weft::create_task(c.say(asked));
    const std::string heard = co_await c.client.read_all();
    EXPECT_TRUE(heard.ends_with("\r\n\r\n" + body)) << size;
    co_await saying;
    co_await c.served;
}
TEST(http_server, takes_what_comes_of_a_body_while_its_answer_waits) {
    for (std::size_t size = 50'000; size < 500'000; size += 25'000) weft::testing::run(echo_in_memory(size));
}

/// So many requests at once, and one when the answers have filled all buffers.
task<> ask_before_listening(std::size_t count) {
    const auto much = [](http::request&) -> task<http::response> {
        co_return http::response::text(std::string(10'000, 'x'));
    };
    http::server server(much);
    conversation c(server);
    for (std::size_t i = 0; i < count; ++i) co_await c.say(get);
    co_await weft::sleep(1s);
    co_await c.say(get);
    co_await weft::sleep(1s);
    for (std::size_t i = 0; i <= count; ++i) {
        EXPECT_THAT(co_await c.client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"))
            << i << " of " << count;
        co_await c.client.read_exactly(10'000);
    }
}
TEST(http_server, takes_a_request_that_comes_while_its_answers_wait) {
    for (std::size_t count = 15; count < 45; ++count) weft::testing::run(ask_before_listening(count));
}

TEST(http_server, says_continue_before_the_head_of_a_streamed_answer) {
    with_server(echo_piece_by_piece, [](http::server& s) -> task<> {
        conversation c(s);
        const std::string begun =
            co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        EXPECT_THAT(begun, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
        EXPECT_EQ(co_await c.ask("hello"), "5\r\nhello\r\n0\r\n\r\n");
        // and the connection goes on
        EXPECT_THAT(co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"),
                    HasSubstr("2\r\nhi\r\n"));
    });
}

TEST(http_server, holds_a_body_to_its_limit_while_it_answers) {
    with_server(echo_piece_by_piece, {.limits = {.body_bytes = 100}}, [](http::server& s) -> task<> {
        conversation c(s);
        const std::string chunk = "40\r\n" + std::string(0x40, 'x') + "\r\n";
        co_await c.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk);
        EXPECT_THAT(co_await c.hear(), HasSubstr(chunk));
        co_await c.say(chunk);
        try {
            EXPECT_THAT(co_await c.hear(), Not(HasSubstr("\r\n0\r\n")));  // it breaks off
        } catch (const std::system_error&) {
        }
        EXPECT_THROW(co_await c.served, http::http_error);
        EXPECT_EQ(s.connections(), 0u);
    });
}

TEST(http_server, lets_a_task_that_is_left_behind_read_no_more) {
    std::optional<weft::task_handle<std::string>> left;
    const auto leaves = [&left](http::request& r) -> task<http::response> {
        left = weft::create_task(r.body());
        co_await weft::yield_now();
        co_return http::response::text("bye");
    };
    with_server(leaves, [&left](http::server& s) -> task<> {
        conversation c(s);
        EXPECT_THAT(co_await c.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegun"),
                    AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Connection: close\r\n")));
        co_await c.client.close();
        EXPECT_THROW(co_await *left, std::exception);
        co_await c.served;
        EXPECT_EQ(s.connections(), 0u);
        left.reset();
    });
}

TEST(http_server, gives_a_new_connection_its_time_however_long_it_has_run) {
    const auto much = [](http::request&) -> task<http::response> {
        co_return http::response::text(std::string(1 << 20, 'x'));
    };
    with_server(much, [](http::server& s) -> task<> {
        conversation other(s);  // while there is one, the server counts the seconds
        co_await weft::sleep(45s);
        conversation c(s);
        co_await c.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        co_await weft::sleep(5s);
        EXPECT_EQ(s.connections(), 2u);
        EXPECT_GT((co_await c.client.read_exactly(1 << 20)).size(), 0u);
    });
}

}  // namespace
