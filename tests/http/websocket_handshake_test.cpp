// SPDX-License-Identifier: Apache-2.0
#include "http/crypto/sha1.hpp"
#include "http/syntax/base64.hpp"
#include "http/websocket/websocket_extensions.hpp"
#include "http/websocket/websocket_handshake.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace http = weft::http;

namespace {

std::string hex(const std::array<char, 20>& digest) {
    std::string out;
    for (const char c : digest) {
        char two[3];
        std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += two;
    }
    return out;
}

TEST(sha1, the_vectors_of_the_rfc) {
    EXPECT_EQ(hex(http::sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hex(http::sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(hex(http::sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    EXPECT_EQ(hex(http::sha1(std::string(1000000, 'a'))), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    EXPECT_EQ(hex(http::sha1(std::string(55, 'x'))).size(), 40u);
    EXPECT_EQ(hex(http::sha1(std::string(64, 'a'))), "0098ba824b5c16427bd7a1122a5a442a25ec644d");
}

TEST(base64, the_vectors_of_the_rfc) {
    EXPECT_EQ(http::base64(""), "");
    EXPECT_EQ(http::base64("f"), "Zg==");
    EXPECT_EQ(http::base64("fo"), "Zm8=");
    EXPECT_EQ(http::base64("foo"), "Zm9v");
    EXPECT_EQ(http::base64("foobar"), "Zm9vYmFy");
}

TEST(websocket_handshake, keys) {
    EXPECT_EQ(http::accept_of_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_TRUE(http::is_websocket_key("dGhlIHNhbXBsZSBub25jZQ=="));
    EXPECT_TRUE(http::is_websocket_key(http::make_websocket_key()));
    EXPECT_NE(http::make_websocket_key(), http::make_websocket_key());
    for (const char* wrong : {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=a", "dGhlIHNhbXBsZSBub25jZR==",
                              "dGhlIHNhbXBsZSBub25 ZQ==", "dGhlIHNhbXBsZSBub25jZQdGhlIHNhbXBsZSBub25jZQ=="})
        EXPECT_FALSE(http::is_websocket_key(wrong)) << wrong;
}

TEST(websocket_handshake, origins) {
    EXPECT_TRUE(http::is_allowed_origin("https://example.org", "example.org", {}));
    EXPECT_TRUE(http::is_allowed_origin("https://example.org", "example.org:443", {}));
    EXPECT_TRUE(http::is_allowed_origin("http://Example.org:8000", "example.ORG:8000", {}));
    EXPECT_FALSE(http::is_allowed_origin("https://example.org.evil.net", "example.org", {}));
    EXPECT_FALSE(http::is_allowed_origin("https://evil.net", "example.org", {}));
    EXPECT_FALSE(http::is_allowed_origin("https://example.org:8000", "example.org", {}));
    EXPECT_FALSE(http::is_allowed_origin("null", "example.org", {}));
    EXPECT_FALSE(http::is_allowed_origin("", "", {}));
    EXPECT_TRUE(http::is_allowed_origin("https://other.net", "example.org", {"https://other.net"}));
    EXPECT_FALSE(http::is_allowed_origin("https://example.org", "example.org", {"https://other.net"}));
    EXPECT_TRUE(http::is_allowed_origin("null", "example.org", {"*"}));
}

std::string answered(const char* offers, http::websocket_compression wanted = {}) {
    const auto parsed = http::parse_extensions(offers);
    if (!parsed) return "malformed";
    const auto answer = http::answer_offers(*parsed, wanted);
    return answer ? answer->field : "none";
}

TEST(websocket_extensions, what_a_server_answers) {
    if (!http::has_deflate) GTEST_SKIP() << "built without zlib";
    const http::websocket_compression keeps{.keep_context = true};
    EXPECT_EQ(answered("permessage-deflate", keeps), "permessage-deflate");
    EXPECT_EQ(answered("permessage-deflate"),
              "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    EXPECT_EQ(answered("permessage-deflate; server_no_context_takeover", keeps),
              "permessage-deflate; server_no_context_takeover");
    EXPECT_EQ(answered("permessage-deflate; client_max_window_bits", keeps), "permessage-deflate");
    EXPECT_EQ(answered("permessage-deflate; client_max_window_bits=10; server_max_window_bits=\"12\"", keeps),
              "permessage-deflate; server_max_window_bits=12; client_max_window_bits=10");
    EXPECT_EQ(answered("permessage-deflate; client_max_window_bits", {.keep_context = true, .window_bits = 12}),
              "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12");
    EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=8", keeps),
              "permessage-deflate; server_max_window_bits=8");
    EXPECT_EQ(answered("x-other; a=1, PerMessage-Deflate", keeps), "permessage-deflate");
    EXPECT_EQ(answered("permessage-deflate; unknown, permessage-deflate", keeps), "permessage-deflate");
    EXPECT_EQ(answered("permessage-deflate", {.enabled = false}), "none");
    for (const char* declined :
         {"", "x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits",
          "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=08",
          "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_no_context_takeover=1",
          "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
          "permessage-deflate; client_max_window_bits; client_max_window_bits=9"})
        EXPECT_EQ(answered(declined, keeps), "none") << declined;
    for (const char* malformed :
         {"permessage-deflate;", "permessage-deflate; =1", "a b", "a; b=\"", "a; b=\"c d\"", "/", "a; b="})
        EXPECT_EQ(answered(malformed), "malformed") << malformed;
}

TEST(websocket_extensions, what_a_client_takes_for_an_answer) {
    if (!http::has_deflate) GTEST_SKIP() << "built without zlib";
    const auto taken = [](const char* answer, http::websocket_compression wanted) {
        return http::check_answer(http::parse_extensions(answer)->front(), wanted);
    };
    const http::websocket_compression keeps{.keep_context = true};
    EXPECT_EQ(http::offer_deflate(keeps), "permessage-deflate; client_max_window_bits");
    EXPECT_EQ(http::offer_deflate({.keep_context = true, .window_bits = 12}),
              "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12");
    EXPECT_EQ(http::offer_deflate({}),
              "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits");
    EXPECT_TRUE(taken("permessage-deflate", keeps)->own.keeps_context);
    EXPECT_FALSE(taken("permessage-deflate; client_no_context_takeover", keeps)->own.keeps_context);
    EXPECT_EQ(taken("permessage-deflate; client_max_window_bits=9", keeps)->own.window_bits, 9);
    EXPECT_FALSE(taken("permessage-deflate", {})) << "it was asked to keep no context";
    EXPECT_FALSE(taken("permessage-deflate; server_max_window_bits=13", {.keep_context = true, .window_bits = 12}));
    EXPECT_FALSE(taken("permessage-deflate; client_max_window_bits", keeps));
    EXPECT_FALSE(taken("permessage-deflate; other", keeps));
    EXPECT_FALSE(taken("x-other", keeps));
}

}  // namespace
