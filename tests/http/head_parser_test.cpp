// SPDX-License-Identifier: Apache-2.0
#include "http/message/head_parser.hpp"

#include "attacks.hpp"
#include "counted_allocations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace weft::http;
constexpr auto complete = head_parser::result::complete, incomplete = head_parser::result::incomplete;
constexpr auto refused = head_parser::result::refused;
using testing::ElementsAre;
using weft_test::get;
using weft_test::line;
using weft_test::post;

request_head parsed(const std::string& bytes) {
    head_parser parser;
    request_head head;
    EXPECT_EQ(parser.parse(bytes, head), complete) << parser.why().sentence;
    return head;
}

response_head answered(const std::string& bytes, method request = method::get) {
    head_parser parser;
    response_head head;
    EXPECT_EQ(parser.parse(bytes, head, request), complete) << parser.why().sentence;
    return head;
}

TEST(head_parser, takes_a_request_apart) {
    const request_head head =
        parsed("POST /a/b?c=d?e HTTP/1.1\r\nHost: example.org:8000\r\nContent-Length: 12\r\n\r\n");
    EXPECT_EQ(head.method, method::post);
    EXPECT_EQ(head.target(), "/a/b?c=d?e");
    EXPECT_EQ(head.path(), "/a/b");
    EXPECT_EQ(head.query(), "c=d?e");
    EXPECT_EQ(head.host(), "example.org:8000");
    EXPECT_EQ(head.minor_version, 1);
    EXPECT_EQ(head.body, framing::counted);
    EXPECT_EQ(head.content_length, 12);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_FALSE(head.expects_continue);
    EXPECT_FALSE(head.asks_upgrade);
}

TEST(head_parser, gives_the_fields_in_their_order_without_the_blanks_around_values) {
    const request_head head = parsed(get("Host: a\r\nB: \t c d \t\r\nb:e\r\nEmpty:\r\n"));
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto [name, value] : head.fields) fields.emplace_back(name, value);
    EXPECT_THAT(fields, ElementsAre(std::pair("Host", "a"), std::pair("B", "c d"), std::pair("b", "e"),
                                    std::pair("Empty", "")));
    EXPECT_THAT(head.fields.get_all("B"), ElementsAre("c d", "e"));
}

TEST(head_parser, knows_the_path_of_each_form_of_target) {
    EXPECT_EQ(parsed(line("GET http://a/b?c HTTP/1.1")).path(), "/b");
    EXPECT_EQ(parsed(line("GET http://a/b?c HTTP/1.1")).query(), "c");
    EXPECT_EQ(parsed(line("GET http://a HTTP/1.1")).path(), "/");
    EXPECT_EQ(parsed(line("GET http://a?b HTTP/1.1")).path(), "/");
    EXPECT_EQ(parsed(line("GET http://a?b HTTP/1.1")).query(), "b");
    EXPECT_EQ(parsed(line("GET /? HTTP/1.1")).query(), "");
    EXPECT_EQ(parsed(line("OPTIONS * HTTP/1.1")).path(), "*");
    const request_head connect = parsed("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
    EXPECT_EQ(connect.path(), "");
    EXPECT_EQ(connect.host(), "a:1");
}

TEST(head_parser, takes_the_host_of_an_HTTP_1_0_request_from_its_target) {
    EXPECT_EQ(parsed("GET http://a/b HTTP/1.0\r\n\r\n").host(), "a");
    EXPECT_EQ(parsed("GET /b HTTP/1.0\r\n\r\n").host(), "");
}

TEST(head_parser, keeps_the_connection_unless_told_otherwise) {
    EXPECT_TRUE(parsed(get("Host: a\r\n")).keep_alive);
    EXPECT_FALSE(parsed(get("Host: a\r\nConnection: Close\r\n")).keep_alive);
    EXPECT_FALSE(parsed(get("Host: a\r\nConnection: x ,close\r\n")).keep_alive);
    EXPECT_FALSE(parsed(get("Host: a\r\nConnection: keep-alive\r\nConnection: close\r\n")).keep_alive);
    EXPECT_TRUE(parsed(get("Host: a\r\nConnection: closed\r\n")).keep_alive);
    EXPECT_FALSE(parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
    EXPECT_TRUE(parsed("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
    EXPECT_FALSE(parsed("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n").keep_alive);
}

TEST(head_parser, sees_a_wish_to_upgrade_only_when_it_is_whole) {
    EXPECT_TRUE(parsed(get("Host: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n")).asks_upgrade);
    EXPECT_FALSE(parsed(get("Host: a\r\nConnection: Upgrade\r\n")).asks_upgrade);
    EXPECT_FALSE(parsed(get("Host: a\r\nUpgrade: websocket\r\n")).asks_upgrade);
    EXPECT_FALSE(parsed("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").asks_upgrade);
}

TEST(head_parser, sees_that_100_continue_is_awaited_only_where_content_is_to_come) {
    EXPECT_TRUE(parsed(post("Expect: 100-Continue\r\nContent-Length: 1\r\n")).expects_continue);
    EXPECT_TRUE(parsed(post("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n")).expects_continue);
    EXPECT_FALSE(parsed(post("Expect: 100-continue\r\nContent-Length: 0\r\n")).expects_continue);
    EXPECT_FALSE(parsed(post("Expect: 100-continue\r\n")).expects_continue);
    EXPECT_FALSE(parsed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n").expects_continue);
}

TEST(head_parser, takes_a_response_apart) {
    const response_head head =
        answered("HTTP/1.1 404 Not \xc3\xa9 found\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello");
    EXPECT_EQ(head.status, status::not_found);
    EXPECT_EQ(head.reason(), "Not \xc3\xa9 found");
    EXPECT_EQ(head.body, framing::counted);
    EXPECT_EQ(head.content_length, 5);
    EXPECT_EQ(head.fields.get("server"), "x");
    EXPECT_TRUE(head.keep_alive);
}

TEST(head_parser, frames_a_response_by_what_it_answers) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    EXPECT_EQ(answered(ok + "\r\n").body, framing::until_close);
    EXPECT_FALSE(answered(ok + "\r\n").keep_alive);
    EXPECT_EQ(answered(ok + "Transfer-Encoding: chunked\r\n\r\n").body, framing::chunked);
    EXPECT_EQ(answered(ok + "Content-Length: 0\r\n\r\n").body, framing::none);
    const response_head to_head = answered(ok + "Content-Length: 5\r\n\r\n", method::head);
    EXPECT_EQ(to_head.body, framing::none);
    EXPECT_EQ(to_head.content_length, 5);
    EXPECT_TRUE(to_head.keep_alive);
    EXPECT_EQ(answered(ok + "Transfer-Encoding: chunked\r\n\r\n", method::head).body, framing::none);
    EXPECT_EQ(answered(ok + "\r\n", method::connect).body, framing::none);
    EXPECT_EQ(answered("HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\n", method::connect).body, framing::counted);
    EXPECT_EQ(answered("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").body, framing::none);
    EXPECT_EQ(answered("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n").keep_alive, false);
}

TEST(head_parser, says_how_many_bytes_the_head_took_and_goes_on_behind_it) {
    const std::string first = line("GET /1 HTTP/1.1"), second = line("GET /2 HTTP/1.1");
    head_parser parser;
    request_head head;
    ASSERT_EQ(parser.parse(first + second, head), complete);
    EXPECT_EQ(parser.consumed(), first.size());
    EXPECT_EQ(parser.parse("", head), incomplete);
    ASSERT_EQ(parser.parse(second, head), complete);
    EXPECT_EQ(head.target(), "/2");
    EXPECT_EQ(head.fields.size(), 1);
}

TEST(head_parser, forgets_what_the_last_head_said) {
    head_parser parser;
    request_head head;
    ASSERT_EQ(
        parser.parse(post("Connection: close, upgrade\r\nUpgrade: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n"),
                     head),
        complete);
    ASSERT_EQ(parser.parse(line("GET http://a?b HTTP/1.1"), head), complete);
    ASSERT_EQ(parser.parse(line("GET / HTTP/1.1"), head), complete);
    EXPECT_EQ(head.body, framing::none);
    EXPECT_EQ(head.content_length, 0);
    EXPECT_EQ(head.query(), "");
    EXPECT_TRUE(head.keep_alive);
    EXPECT_FALSE(head.asks_upgrade);
    EXPECT_FALSE(head.expects_continue);
}

TEST(head_parser, gives_parts_that_outlive_the_input_and_fields_that_are_added) {
    std::string input = line("GET /path HTTP/1.0");
    request_head head = parsed(input);
    input.assign(input.size(), 'x');
    head.fields.set("X-Request-Id", std::string(1000, 'i'));
    const request_head moved = std::move(head), copied = moved;
    EXPECT_EQ(moved.path(), "/path");
    EXPECT_EQ(copied.path(), "/path");
    EXPECT_EQ(copied.host(), "a");
}

TEST(head_parser, gives_nothing_of_a_head_whose_fields_were_cleared) {
    request_head head = parsed(line("GET /path HTTP/1.1"));
    head.fields.clear();
    EXPECT_EQ(head.host(), "");
}

TEST(head_parser, takes_input_that_has_moved_between_two_calls) {
    const std::string bytes = line("GET http://a/b HTTP/1.1");
    head_parser parser;
    request_head head;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        ASSERT_EQ(parser.parse(std::string(bytes, 0, size), head), incomplete);
    ASSERT_EQ(parser.parse(std::string(bytes), head), complete);
    EXPECT_EQ(head.path(), "/b");
    EXPECT_EQ(head.host(), "a");
}

TEST(head_parser, refuses_for_ever_and_says_why) {
    head_parser parser;
    request_head head;
    ASSERT_EQ(parser.parse("GET / HTTP/1.1\n", head), refused);
    EXPECT_EQ(parser.why().status, status::bad_request);
    EXPECT_EQ(parser.why().sentence, "an LF in the head does not follow a CR");
    EXPECT_EQ(parser.parse(line("GET / HTTP/1.1"), head), refused);
}

TEST(head_parser, refuses_what_is_one_over_a_limit_that_was_given) {
    const head_limits limits = {.line_bytes = 20, .head_bytes = 60, .fields = 3};
    const auto status_of = [&](const std::string& bytes) {
        head_parser parser(limits);
        request_head head;
        const auto result = parser.parse(bytes, head);
        EXPECT_NE(result, incomplete);
        return result == complete ? 200 : to_number(parser.why().status);
    };
    EXPECT_EQ(status_of(line("GET /" + std::string(6, 'a') + " HTTP/1.1")), 200);
    EXPECT_EQ(status_of(line("GET /" + std::string(7, 'a') + " HTTP/1.1")), 414);
    EXPECT_EQ(status_of(get("Host: a\r\nX: " + std::string(60 - 32, 'x') + "\r\n")), 200);
    EXPECT_EQ(status_of(get("Host: a\r\nX: " + std::string(60 - 31, 'x') + "\r\n")), 431);
    EXPECT_EQ(status_of(get("Host: a\r\nX:\r\nX:\r\n")), 200);
    EXPECT_EQ(status_of(get("Host: a\r\nX:\r\nX:\r\nX:\r\n")), 431);
}

TEST(head_parser, allocates_nothing_once_a_head_as_large_has_been_seen) {
    const std::string large = get("Host: a\r\n" + weft_test::repeated("X-Name: some value\r\n", 50)),
                      small = line("GET / HTTP/1.1");
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    head_parser parser;
    request_head head;
    response_head response;
    ASSERT_EQ(parser.parse(large, head), complete);
    ASSERT_EQ(parser.parse(answer, response, method::get), complete);
    const std::size_t before = allocations.load();
    for (int round = 0; round < 10; ++round) {
        ASSERT_EQ(parser.parse(small, head), complete);
        ASSERT_EQ(parser.parse(std::string_view(large).substr(0, 500), head), incomplete);
        ASSERT_EQ(parser.parse(large, head), complete);
        ASSERT_EQ(parser.parse(answer, response, method::get), complete);
    }
    const std::size_t after = allocations.load();
    EXPECT_EQ(after, before);
}

}  // namespace
