// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/find_control.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace {

using weft::http::find_control;
using weft::http::is_value_character;

TEST(find_control, finds_each_character_that_no_value_may_have_at_each_place_and_no_other) {
    for (int c = 0; c < 256; ++c) {
        for (std::size_t size = 1; size < 20; ++size) {
            for (std::size_t at = 0; at < size; ++at) {
                for (const char around : {'a', '\t', '\x80', '\xff', ' ', '!'}) {
                    std::string text(size, around);
                    text[at] = static_cast<char>(c);
                    ASSERT_EQ(find_control(text, 0), is_value_character(static_cast<char>(c)) ? size : at) << c;
                }
            }
        }
    }
}

TEST(find_control, finds_the_first_of_several_that_is_not_before_the_beginning) {
    const std::string text = "\r\nab\r\n\r\r\r\n\t\x7f\x01zz\x7f";
    for (std::size_t begin = 0; begin <= text.size(); ++begin) {
        std::size_t expected = begin;
        while (expected < text.size() && is_value_character(text[expected])) ++expected;
        EXPECT_EQ(find_control(text, begin), expected);
    }
}

}  // namespace
