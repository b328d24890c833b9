// SPDX-License-Identifier: Apache-2.0
#include <weft/http/percent.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace http = weft::http;

namespace {

// urllib.parse.quote(…, safe=…) of CPython 3.11 says the same.
TEST(percent, encodes_as_python_does) {
    EXPECT_EQ(http::percent_encode(""), "");
    EXPECT_EQ(http::percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(http::percent_encode("a b/c?d=é&%"), "a%20b%2Fc%3Fd%3D%C3%A9%26%25");
    EXPECT_EQ(http::percent_encode("a b/c?d=é&%", "/?"), "a%20b/c?d%3D%C3%A9%26%25");
    EXPECT_EQ(http::percent_encode(std::string("\0\r\n\x7f\xff", 5)), "%00%0D%0A%7F%FF");
}

TEST(percent, decodes_once_what_it_encoded) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(http::percent_decode(http::percent_encode(all)), all);
    EXPECT_EQ(http::percent_decode("%c3%A9+"), "é+");
    EXPECT_EQ(http::percent_decode("%252e"), "%2e");
}

TEST(percent, refuses_what_has_no_two_digits) {
    for (const char* text : {"%", "%4", "a%", "a%4", "%4g", "%g4", "%-1", "% 1", "%+1", "%0x41", "%u0041", "%%41"}) {
        EXPECT_THROW(http::percent_decode(text), std::invalid_argument) << text;
    }
}

}  // namespace
