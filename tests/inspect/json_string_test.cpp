// SPDX-License-Identifier: Apache-2.0
#include <weft/inspect/json_string.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace {

using namespace std::string_view_literals;

TEST(json_string, quotes_a_text) {
    EXPECT_EQ(weft::json_string(""), "\"\"");
    EXPECT_EQ(weft::json_string("GET /"), "\"GET /\"");
    EXPECT_EQ(weft::json_string("größer 漢 😀"), "\"größer 漢 😀\"");
}

TEST(json_string, escapes_what_would_end_it_and_what_cannot_be_seen) {
    EXPECT_EQ(weft::json_string("a \"b\" \\ c"), R"("a \"b\" \\ c")");
    EXPECT_EQ(weft::json_string("two\nlines\tand\0\x1f\x7f"sv), R"("two\nlines\u0009and\u0000\u001f\u007f")");
}

TEST(json_string, replaces_bytes_that_are_no_text) {
    EXPECT_EQ(weft::json_string("a\xff"
                                "b"),
              R"("a\ufffdb")");
    EXPECT_EQ(weft::json_string("cut \xe2\x82"), R"("cut \ufffd\ufffd")");
    EXPECT_EQ(weft::json_string("\xc0\xaf"), R"("\ufffd\ufffd")") << "longer than it need be";
    EXPECT_EQ(weft::json_string("\xe0\x80\xaf"), R"("\ufffd\ufffd\ufffd")");
    EXPECT_EQ(weft::json_string("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")") << "half of a pair";
    EXPECT_EQ(weft::json_string("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")") << "beyond the last";
    EXPECT_EQ(weft::json_string("\xf4\x8f\xbf\xbf"), "\"\xf4\x8f\xbf\xbf\"");
}

}  // namespace
