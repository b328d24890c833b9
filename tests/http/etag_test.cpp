// SPDX-License-Identifier: Apache-2.0
#include <weft/http/etag.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace http = weft::http;
using http::etag;

namespace {

TEST(etag, is_read_and_written) {
    for (const auto& [text, tag] : {std::pair("\"\"", etag{""}),
                                    {"\"a-1!#\\\xff\"", etag{"a-1!#\\\xff"}},
                                    {"W/\"a\"", etag{"a", true}},
                                    {"\"a,b\"", etag{"a,b"}}}) {
        EXPECT_EQ(etag::parse(text), tag) << text;
        EXPECT_EQ(tag.to_string(), text);
    }
    EXPECT_EQ(etag::parse(" \"a\"\t"), etag{"a"});
    for (const char* text : {"", "a", "\"", "\"a", "a\"", "w/\"a\"", "W\"a\"", "W/a", "W/ \"a\"", "\"a b\"", "\"a\"b",
                             "\"a\", \"b\"", "\"a\\\"b\"", "*", "\"\x7f\""}) {
        EXPECT_EQ(etag::parse(text), std::nullopt) << text;
    }
    for (const char* tag : {"\"", "a b", "\r\n", "\t"}) EXPECT_THROW(etag{tag}.to_string(), std::invalid_argument);
}

// The table of RFC 9110 8.8.3.2.
TEST(etag, is_the_same_strongly_or_weakly) {
    const etag weak1{"1", true}, weak2{"2", true}, strong1{"1"};
    EXPECT_FALSE(weak1.is_strongly(weak1));
    EXPECT_TRUE(weak1.is_weakly(weak1));
    EXPECT_FALSE(weak1.is_strongly(weak2));
    EXPECT_FALSE(weak1.is_weakly(weak2));
    EXPECT_FALSE(weak1.is_strongly(strong1));
    EXPECT_TRUE(weak1.is_weakly(strong1));
    EXPECT_TRUE(strong1.is_strongly(strong1));
    EXPECT_TRUE(strong1.is_weakly(strong1));
}

}  // namespace
