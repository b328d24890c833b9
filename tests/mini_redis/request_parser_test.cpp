// SPDX-License-Identifier: Apache-2.0
#include "request_parser.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace mini_redis {
namespace {

using status = request_parser::status;
using request = std::vector<std::string>;

request copy(const arguments& args) {
    request words;
    for (std::size_t i = 0; i < args.size(); ++i) words.emplace_back(args[i]);
    return words;
}

std::string encode(const request& words) {
    std::string text = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& each : words) text += "$" + std::to_string(each.size()) + "\r\n" + each + "\r\n";
    return text;
}

struct outcome {
    std::vector<request> requests;
    std::string error;
};

// Feeds the input as a connection would: in portions that end where `ends` say, each in memory of exactly the right
// size and elsewhere than before, so that a sanitizer sees any look beyond it and any use of what was there earlier.
outcome feed(request_parser& parser, std::string_view input, const std::vector<std::size_t>& ends) {
    outcome found;
    std::size_t consumed = 0, needed = 1;
    for (const std::size_t end : ends) {
        while (end - consumed >= needed) {
            const std::size_t size = end - consumed;
            const auto portion = std::make_unique<char[]>(size);
            input.copy(portion.get(), size, consumed);
            const status s = parser.parse({portion.get(), size});
            if (s == status::failed) {
                found.error = parser.error();
                return found;
            }
            needed = s == status::incomplete ? parser.needed() : 1;
            if (s == status::incomplete) {
                EXPECT_GT(needed, size) << "it asks for no more than it has";
                break;
            }
            found.requests.push_back(copy(parser.args()));
            consumed += parser.consumed();
        }
    }
    return found;
}

outcome feed_whole(std::string_view input) {
    request_parser parser;
    return feed(parser, input, {input.size()});
}

const std::vector<request> pipeline = {
    {"PING"},
    {"SET", "key", "value"},
    {"ECHO", ""},
    {"ECHO", "\r\n*1\r\n$4\r\n"},
    {"LPUSH", "l", "1", "22", "333"},
    {"SET", "blob", std::string(300, '\0')},
};

std::string encoded_pipeline() {
    std::string text;
    for (const request& each : pipeline) text += encode(each);
    return text;
}

TEST(request_parser, finds_the_requests_of_a_pipeline) { EXPECT_EQ(feed_whole(encoded_pipeline()).requests, pipeline); }

TEST(request_parser, finds_them_wherever_the_input_is_split) {
    const std::string text = encoded_pipeline();
    for (std::size_t split = 1; split < text.size(); ++split) {
        request_parser parser;
        ASSERT_EQ(feed(parser, text, {split, text.size()}).requests, pipeline) << "split at " << split;
    }
}

TEST(request_parser, finds_them_wherever_the_input_is_split_twice) {
    const std::string text = encode({"SET", "k", "v"}) + "PING \"a b\"\r\n" + encode({"GET", "k"});
    const std::vector<request> expected = {{"SET", "k", "v"}, {"PING", "a b"}, {"GET", "k"}};
    for (std::size_t first = 1; first < text.size(); ++first) {
        for (std::size_t second = first; second < text.size(); ++second) {
            request_parser parser;
            ASSERT_EQ(feed(parser, text, {first, second, text.size()}).requests, expected) << first << ", " << second;
        }
    }
}

TEST(request_parser, finds_them_byte_by_byte) {
    const std::string text = encoded_pipeline();
    std::vector<std::size_t> ends(text.size());
    for (std::size_t i = 0; i < ends.size(); ++i) ends[i] = i + 1;
    request_parser parser;
    EXPECT_EQ(feed(parser, text, ends).requests, pipeline);
}

TEST(request_parser, says_how_much_it_needs_of_a_large_argument) {
    request_parser parser;
    EXPECT_EQ(parser.parse("*2\r\n$4\r\nECHO\r\n$1000\r\nxx"), status::incomplete);
    EXPECT_EQ(parser.needed(), 14u + 7 + 1000 + 2);
}

TEST(request_parser, takes_an_empty_array_for_nothing) {
    EXPECT_EQ(feed_whole("*0\r\n*-1\r\n*-7\r\n*1\r\n$4\r\nPING\r\n").requests,
              (std::vector<request>{{}, {}, {}, {"PING"}}));
}

TEST(request_parser, reads_inline_requests) {
    EXPECT_EQ(feed_whole("PING\r\n  SET  a\tb \n\r\nGET a\n").requests,
              (std::vector<request>{{"PING"}, {"SET", "a", "b"}, {}, {"GET", "a"}}));
}

TEST(request_parser, unquotes_inline_arguments) {
    EXPECT_EQ(feed_whole(R"(A "b c" 'd e' f"g h" "" '')"
                         "\n")
                  .requests,
              (std::vector<request>{{"A", "b c", "d e", "fg h", "", ""}}));
    EXPECT_EQ(feed_whole(R"("\x41\x4g\n\r\t\b\a\"\\\q" 'a\'b\n"')"
                         "\n")
                  .requests,
              (std::vector<request>{{"Ax4g\n\r\t\b\a\"\\q", "a'b\\n\""}}));
    EXPECT_EQ(feed_whole(std::string_view("ECHO\0abc\n", 9)).requests, (std::vector<request>{{"ECHO"}}));
}

TEST(request_parser, refuses_quotes_that_do_not_match_up) {
    for (const char* line : {"GET \"a\n", "GET 'a\n", "GET \"a\"b\n", "GET 'a'b\n", "\"\\\"\n", "'\\'\n", "\"\\\n"}) {
        EXPECT_EQ(feed_whole(line).error, "unbalanced quotes in request") << line;
    }
}

TEST(request_parser, refuses_bad_lengths) {
    for (const char* text : {"*\r\n", "*x\r\n", "*01\r\n", "*+1\r\n", "* 1\r\n", "*1x\r\n", "*1.0\r\n",
                             "*1\n$4\r\nPING\r\n", "*99999999999999999999\r\n", "*1048577\r\n", "*-\r\n", "*--1\r\n"}) {
        EXPECT_EQ(feed_whole(text).error, "invalid multibulk length") << text;
    }
    for (const char* text :
         {"$\r\n", "$x\r\n", "$-1\r\n", "$04\r\n", "$4x\r\n", "$536870913\r\n", "$99999999999999999999\r\n"}) {
        EXPECT_EQ(feed_whole(std::string("*1\r\n") + text).error, "invalid bulk length") << text;
    }
}

TEST(request_parser, refuses_what_is_not_a_bulk) {
    EXPECT_EQ(feed_whole("*1\r\n+PING\r\n").error, "expected '$', got '+'");
    EXPECT_EQ(feed_whole("*1\r\nPING\r\n").error, "expected '$', got 'P'");
    EXPECT_EQ(feed_whole("*1\r\n\r\n").error, "expected '$', got ' '");
    EXPECT_EQ(feed_whole("*2\r\n$4\r\nPING\r\n*1\r\n").error, "expected '$', got '*'");
}

TEST(request_parser, answers_what_came_before_an_error) {
    const outcome found = feed_whole(encode({"PING"}) + encode({"SET", "a", "b"}) + "*1\r\n!");
    EXPECT_EQ(found.requests.size(), 2u);
    EXPECT_EQ(feed_whole(encode({"PING"}) + "*1\r\n!\r\n").requests.size(), 1u);
}

TEST(request_parser, bounds_lines) {
    const std::string digits(request_parser::max_line_bytes + 1, '1');
    EXPECT_EQ(feed_whole(std::string(digits.size(), 'x')).error, "too big inline request");
    EXPECT_EQ(feed_whole(std::string(digits.size(), 'x') + "\n").error, "too big inline request");
    EXPECT_EQ(feed_whole("*" + digits).error, "too big mbulk count string");
    EXPECT_EQ(feed_whole("*1\r\n$" + digits).error, "too big bulk count string");
    EXPECT_EQ(feed_whole(std::string(digits.size() - 2, 'x') + "\n").requests.size(), 1u);
}

TEST(request_parser, bounds_requests) {
    request_parser parser(100);
    EXPECT_EQ(parser.parse("*2\r\n$4\r\nECHO\r\n$80\r\n"), status::failed) << "before the rest arrives";
    EXPECT_EQ(parser.error(), "request is larger than 100 bytes");
    request_parser many(1000);
    std::string text = "*1000\r\n";
    for (int i = 0; i < 200; ++i) text += "$1\r\nx\r\n";
    EXPECT_EQ(feed(many, text, {500, 1000, text.size()}).error, "request is larger than 1000 bytes");
    request_parser fits(100);
    EXPECT_EQ(feed(fits, encode({std::string(90, 'x')}), {30, 102}).requests.size(), 0u);
    EXPECT_EQ(feed(fits, encode({std::string(80, 'x')}), {91}).error, "request is larger than 100 bytes")
        << "failed is for ever";
}

TEST(request_parser, skips_the_line_end_after_a_bulk_unread_as_redis_does) {
    EXPECT_EQ(feed_whole("*1\r\n$4\r\nPINGxx*1\r\n$4\r\nECHO\r\n").requests,
              (std::vector<request>{{"PING"}, {"ECHO"}}));
}

// Any byte of a pipeline replaced by any other: whatever comes of it comes without a crash, and the same in portions.
TEST(request_parser, survives_any_single_wrong_byte) {
    const std::string text = encode({"SET", "k", "v"}) + encode({"GET", "k"});
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string wrong = text;
            wrong[at] = static_cast<char>(byte);
            const outcome whole = feed_whole(wrong);
            request_parser parser;
            const outcome split = feed(parser, wrong, {at, text.size()});
            ASSERT_EQ(whole.requests, split.requests) << at << ", " << byte;
            ASSERT_EQ(whole.error, split.error) << at << ", " << byte;
        }
    }
}

}  // namespace
}  // namespace mini_redis
