// SPDX-License-Identifier: Apache-2.0
#include "http/message/message_writer.hpp"

#include "http/message/chunked_decoder.hpp"
#include "http/message/head_parser.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace weft::http;
using namespace std::string_view_literals;

TEST(message_writer, writes_a_response) {
    std::string text;
    append_status_line(text, status::not_found);
    append_field(text, "Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    append_fields(text, {{"Content-Type", "text/plain"}, {"X-Empty", ""}});
    append_content_length(text, 18446744073709551615U);
    append_end_of_fields(text);
    EXPECT_EQ(text, "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n"
                    "X-Empty: \r\nContent-Length: 18446744073709551615\r\n\r\n");
}

TEST(message_writer, writes_a_reason_of_ones_own_and_none_where_none_is_known) {
    std::string text;
    append_status_line(text, status::ok, "Fine");
    append_status_line(text, status{299});
    EXPECT_EQ(text, "HTTP/1.1 200 Fine\r\nHTTP/1.1 299 \r\n");
}

TEST(message_writer, writes_a_request_and_chunks) {
    std::string text;
    append_request_line(text, "POST", "/a?b");
    append_end_of_fields(text);
    append_chunk_size(text, 26);
    text += "abcdefghijklmnopqrstuvwxyz";
    text += end_of_chunk;
    text += last_chunk;
    append_end_of_fields(text);
    EXPECT_EQ(text, "POST /a?b HTTP/1.1\r\n\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n");
}

TEST(message_writer, refuses_what_would_end_a_line_before_its_time) {
    std::string text = "x";
    EXPECT_THROW(append_status_line(text, status::ok, "O\r\nK"), std::invalid_argument);
    EXPECT_THROW(append_status_line(text, status{99}), std::invalid_argument);
    EXPECT_THROW(append_status_line(text, status{1000}), std::invalid_argument);
    EXPECT_THROW(append_field(text, "X", "a\nSet-Cookie: b"), std::invalid_argument);
    EXPECT_THROW(append_field(text, "X", "a\0"sv), std::invalid_argument);
    EXPECT_THROW(append_field(text, "X\r\nY", "a"), std::invalid_argument);
    EXPECT_THROW(append_field(text, "", "a"), std::invalid_argument);
    EXPECT_THROW(append_request_line(text, "GET /x", "/"), std::invalid_argument);
    EXPECT_THROW(append_request_line(text, "GET", "/ HTTP/1.1\r\nX: y"), std::invalid_argument);
    EXPECT_THROW(append_request_line(text, "GET", "/\xc3\xa9"), std::invalid_argument);
    EXPECT_THROW(append_request_line(text, "GET", ""), std::invalid_argument);
    EXPECT_EQ(text, "x");
}

}  // namespace
