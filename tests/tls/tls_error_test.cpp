// SPDX-License-Identifier: Apache-2.0
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

TEST(tls_error, compares_with_its_reason) {
    const weft::tls_error e(weft::tls_errc::truncated, "TLS with 127.0.0.1:80");
    EXPECT_EQ(e.code(), weft::tls_errc::truncated);
    EXPECT_NE(e.code(), weft::tls_errc::not_tls);
    EXPECT_STREQ(e.what(), "TLS with 127.0.0.1:80: the connection ended without close_notify");
    EXPECT_STREQ(e.code().category().name(), "tls");
}

TEST(tls_error, has_a_text_for_every_reason) {
    std::set<std::string> texts;
    for (int i = 1; i <= static_cast<int>(weft::tls_errc::bad_configuration); ++i) {
        texts.insert(weft::tls_category().message(i));
    }
    EXPECT_EQ(texts.size(), static_cast<std::size_t>(weft::tls_errc::bad_configuration));
    EXPECT_FALSE(texts.contains("unknown error"));
    EXPECT_EQ(weft::tls_category().message(0), "unknown error");
}

}  // namespace
