// SPDX-License-Identifier: Apache-2.0
#include "http/utf8.hpp"

#include <gtest/gtest.h>

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

}  // namespace
