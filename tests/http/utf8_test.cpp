// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

bool is_utf8(std::string_view text) { return weft::http::is_utf8(text); }

TEST(utf8, is_every_character_up_to_the_last) {
    for (const std::string_view text :
         {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
          "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z"}) {
        EXPECT_TRUE(is_utf8(text)) << testing::PrintToString(text);
    }
}

TEST(utf8, has_no_overlong_forms_surrogates_stray_bytes_or_cut_ends) {
    for (const std::string_view text : {"\x80",
                                        "\xbf",
                                        "\xc0\xae",
                                        "\xc1\xbf",
                                        "\xe0\x80\xaf",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xed\xbf\xbf",
                                        "\xf0\x80\x80\xaf",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xff",
                                        "\xfe",
                                        "\xc3",
                                        "\xe2\x82",
                                        "\xf0\x9f\x98",
                                        "\xc3"
                                        "a",
                                        "\xe2\x82"
                                        "a",
                                        "\xf0\x9f\x98"
                                        "a",
                                        "\xc3\xc3"}) {
        EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(text);
    }
}

TEST(utf8_validator, a_character_may_be_split_anywhere) {
    const std::string text = "κόσμε — ασ\xf0\x9f\x98\x80 plain text that is longer than eight bytes é";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        weft::http::utf8_validator v;
        EXPECT_TRUE(v.add(std::string_view(text).substr(0, cut))) << cut;
        EXPECT_TRUE(v.add(std::string_view(text).substr(cut))) << cut;
        EXPECT_TRUE(v.is_complete());
    }
}

TEST(utf8_validator, says_no_at_the_first_byte_that_cannot_be_right) {
    for (const std::string_view wrong : {"\x80", "\xc0", "\xc1", "\xf5", "\xff", "\xe0\x9f", "\xed\xa0", "\xf0\x8f",
                                         "\xf4\x90", "\xc3\x28", "\xe2\x82\x28", "\xf0\x9f\x98\x28"}) {
        weft::http::utf8_validator v;
        EXPECT_TRUE(v.add("12345678" + std::string(wrong.substr(0, wrong.size() - 1))));
        EXPECT_FALSE(v.add(wrong.substr(wrong.size() - 1)));
    }
    weft::http::utf8_validator unfinished;
    EXPECT_TRUE(unfinished.add("abc\xe2\x82"));
    EXPECT_FALSE(unfinished.is_complete());
}

}  // namespace
