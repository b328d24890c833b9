// SPDX-License-Identifier: Apache-2.0
#include "http/syntax/base64url.hpp"

#include <gtest/gtest.h>

namespace http = weft::http;

namespace {

TEST(base64url, is_that_of_rfc_4648) {
    const std::string_view text = "foobar";
    const std::string_view encoded[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
    for (std::size_t size = 0; size <= text.size(); ++size) {
        EXPECT_EQ(http::encode_base64url(text.substr(0, size)), encoded[size]);
        EXPECT_EQ(http::decode_base64url(encoded[size]), text.substr(0, size));
    }
    std::string all;
    for (int i = 0; i < 256; ++i) {
        all += static_cast<char>(i);
        EXPECT_EQ(http::decode_base64url(http::encode_base64url(all)), all);
    }
    EXPECT_EQ(http::encode_base64url("\xff\xef\xbe"), "_---");
}

TEST(base64url, has_one_text_for_what_it_stands_for) {
    for (const char* text : {"Z", "Zm9vY", "Zh", "Zm9", "Zg==", "Zg=", "Zm+v", "Zm/v", "Zm 9v", "Zm9v\n", "é"}) {
        EXPECT_EQ(http::decode_base64url(text), std::nullopt) << text;
    }
}

}  // namespace
