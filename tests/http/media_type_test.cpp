// SPDX-License-Identifier: Apache-2.0
#include <weft/http/media_type.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace http = weft::http;
using http::media_type;

namespace {

TEST(media_type, has_parts) {
    const auto type = media_type::parse(" Text/HTML ;Charset=UTF-8;a=\"b;\\\"c\\\\\" ; ;");
    ASSERT_TRUE(type);
    EXPECT_EQ(type->essence(), "text/html");
    EXPECT_TRUE(type->is("text/HTML"));
    EXPECT_FALSE(type->is("text/htm"));
    EXPECT_FALSE(type->is("text"));
    EXPECT_EQ(type->parameter("charset"), "UTF-8");
    EXPECT_EQ(type->parameter("a"), "b;\"c\\");
    EXPECT_EQ(type->parameter("b"), std::nullopt);
    EXPECT_EQ(type->to_string(), "text/html; charset=UTF-8; a=\"b;\\\"c\\\\\"");
    EXPECT_EQ(media_type::parse(type->to_string()), type);
    EXPECT_EQ(media_type::parse("application/vnd.api+json")->subtype, "vnd.api+json");
    EXPECT_EQ(media_type::parse("multipart/form-data; boundary=\"a b:c\"")->parameter("boundary"), "a b:c");
    EXPECT_EQ(media_type::parse("a/b; c=\"\"")->parameter("c"), "");
}

TEST(media_type, that_is_malformed_is_none) {
    for (const char* text : {"",
                             "text",
                             "text/",
                             "/html",
                             "text/html/x",
                             "text html",
                             "text /html",
                             "text/ html",
                             "text/html charset=x",
                             "text/html; charset",
                             "text/html; charset=",
                             "text/html; charset =x",
                             "text/html; charset= x",
                             "text/html; =x",
                             "text/html; charset=\"x",
                             "text/html; charset=\"x\\",
                             "text/html; charset=\"x\"y",
                             "text/html, text/plain",
                             "text/html; charset=a; Charset=b",
                             "text/html; boundary=a; boundary=a",
                             "text/html; a=b c",
                             "té/x",
                             "text/html; a=é",
                             "text/html; a=\"\r\n\""}) {
        EXPECT_EQ(media_type::parse(text), std::nullopt) << text;
    }
    EXPECT_THROW((media_type{"a b", "c"}).to_string(), std::invalid_argument);
    EXPECT_THROW((media_type{"a", "b", {{"c\r\nX", "d"}}}).to_string(), std::invalid_argument);
    EXPECT_THROW((media_type{"a", "b", {{"c", "d\r\nX: y"}}}).to_string(), std::invalid_argument);
}

}  // namespace
