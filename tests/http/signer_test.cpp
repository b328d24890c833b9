// SPDX-License-Identifier: Apache-2.0
#include <weft/http/signer.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <system_error>

namespace http = weft::http;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

constexpr seconds hour{3600};
constexpr sys_seconds now{seconds(1'000'000'000)};
const std::string key = "0123456789abcdef0123456789abcdef", other_key = "an entirely different key";

class a_signer : public testing::Test {
    void SetUp() override {
        if (!WEFT_WITH_TLS) GTEST_SKIP() << "this weft has no OpenSSL";
    }
};

// Written by CPython 3.11's hmac and hashlib from the description in signer.cpp.
TEST_F(a_signer, signs_as_described) {
    const http::signer signer({key});
    EXPECT_EQ(signer.sign("user", "alice", now), "1.1000000000.YWxpY2U.fgxDPYEW-SrBM7XfI5jfhAcK-L6iP0d6_EEHXUjvczY");
    EXPECT_EQ(signer.sign("", "", sys_seconds()), "1.0..iu92kIcbQs6UvlSg7XStiZrvOJEhfmwCtyWBdB1Wq_E");
    EXPECT_EQ(signer.sign("user", std::string("\0\xff\xfe>?", 5), sys_seconds(seconds(1))),
              "1.1.AP_-Pj8.hlDyhKMBJJBrDzO6ouUUpS_ae4KrckLS0dEhjhVQ-GY");
}

TEST_F(a_signer, verifies_what_it_signed) {
    const http::signer signer({key});
    std::string all;
    for (int i = 0; i < 256; ++i) {
        all += static_cast<char>(i);
        EXPECT_EQ(signer.verify("user", signer.sign("user", all, now), hour, now), all);
    }
    EXPECT_EQ(signer.verify("", signer.sign("", "", now), hour, now), "");
}

TEST_F(a_signer, verifies_nothing_that_was_changed) {
    const http::signer signer({key});
    const std::string text = signer.sign("user", "alice", now);
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string changed = text;
            changed[at] = static_cast<char>(changed[at] ^ 1 << bit);
            EXPECT_EQ(signer.verify("user", changed, hour, now), std::nullopt) << changed;
        }
        EXPECT_EQ(signer.verify("user", text.substr(0, at), hour, now), std::nullopt);
        EXPECT_EQ(signer.verify("user", text.substr(at + 1), hour, now), std::nullopt);
        EXPECT_EQ(signer.verify("user", std::string(text).insert(at, 1, '.'), hour, now), std::nullopt);
    }
    for (const std::string& bad :
         {std::string(), std::string("."), std::string("..."), std::string("1.1000000000.YWxpY2U."), text + ".",
          text + "=", text + "A", std::string(100'000, '.')}) {
        EXPECT_EQ(signer.verify("user", bad, hour, now), std::nullopt) << bad.substr(0, 100);
    }
}

TEST_F(a_signer, binds_to_the_purpose) {
    const http::signer signer({key});
    const std::string text = signer.sign("user", "alice", now);
    for (const char* purpose : {"", "use", "users", "User", "user1"})
        EXPECT_EQ(signer.verify(purpose, text, hour, now), std::nullopt);
    // The end of the purpose cannot become the beginning of what is signed.
    const std::string shifted = signer.sign("user1", "alice", now);
    EXPECT_EQ(signer.verify("user", "1" + shifted, hour, now), std::nullopt);
}

TEST_F(a_signer, lets_what_it_signed_age) {
    const http::signer signer({key});
    const std::string text = signer.sign("user", "alice", now);
    EXPECT_TRUE(signer.verify("user", text, hour, now + hour));
    EXPECT_FALSE(signer.verify("user", text, hour, now + hour + seconds(1)));
    EXPECT_TRUE(signer.verify("user", text, hour, now - http::signer::clock_skew));
    EXPECT_FALSE(signer.verify("user", text, hour, now - http::signer::clock_skew - seconds(1)));
    EXPECT_TRUE(signer.verify("user", text, seconds::max(), now));
    EXPECT_FALSE(signer.verify("user", text, seconds::min(), now));
}

TEST_F(a_signer, signs_by_the_first_key_and_verifies_by_all) {
    const http::signer old({other_key}), both({key, other_key}), fresh({key});
    const std::string by_old = old.sign("user", "alice", now), by_both = both.sign("user", "alice", now);
    EXPECT_TRUE(both.verify("user", by_old, hour, now));
    EXPECT_TRUE(both.verify("user", by_both, hour, now));
    EXPECT_TRUE(fresh.verify("user", by_both, hour, now));
    EXPECT_FALSE(fresh.verify("user", by_old, hour, now));
    EXPECT_FALSE(old.verify("user", by_both, hour, now));
}

TEST_F(a_signer, has_keys_of_some_length) {
    EXPECT_THROW(http::signer({}), std::invalid_argument);
    EXPECT_THROW(http::signer({"", key}), std::invalid_argument);
    EXPECT_THROW(http::signer({key, "fifteen bytes.."}), std::invalid_argument);
    EXPECT_NO_THROW(http::signer({"sixteen bytes..."}));
}

TEST(signer, that_is_absent_says_so) {
    if (WEFT_WITH_TLS) GTEST_SKIP() << "this weft has OpenSSL";
    try {
        const http::signer signer({key});
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::function_not_supported);
    }
}

}  // namespace
