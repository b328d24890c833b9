// SPDX-License-Identifier: Apache-2.0
#include "http/message/chunked_decoder.hpp"

#include "counted_allocations.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What is refused is in attacks.hpp.

namespace {

using namespace weft::http;
using enum chunked_decoder::result;

/// All of it, from portions of that size; what is left of the input after "!".
std::string decoded(chunked_decoder& decoder, std::string_view body, std::size_t portion) {
    std::string content;
    while (!body.empty()) {
        std::string_view input = body.substr(0, portion);
        const std::size_t size = input.size();
        auto result = decoder.decode(input);
        while (result == chunked_decoder::result::content) {
            content += decoder.content();
            result = decoder.decode(input);
        }
        body.remove_prefix(size - input.size());
        if (result == complete) return content + "!" + std::string(body);
        if (result == refused) return content + "?";
        EXPECT_TRUE(input.empty());
    }
    return content;
}

TEST(chunked_decoder, gives_the_content_however_it_is_cut) {
    for (std::size_t portion = 1; portion < 40; ++portion) {
        chunked_decoder decoder;
        EXPECT_EQ(decoded(decoder, "3;a=\"b\"\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX: y\r\n\r\nGET", portion),
                  std::string("abc0123456789abcdef!") + std::string("GET").substr(0));
    }
}

TEST(chunked_decoder, gives_views_of_the_input) {
    const std::string body = "5\r\nhello\r\n";
    std::string_view input = body;
    chunked_decoder decoder;
    ASSERT_EQ(decoder.decode(input), content);
    EXPECT_EQ(decoder.content().data(), body.data() + 3);
    EXPECT_EQ(input, "\r\n");
}

TEST(chunked_decoder, tells_what_is_to_come_of_a_chunk) {
    std::string_view input = "ffffff\r\nhello";
    chunked_decoder decoder;
    ASSERT_EQ(decoder.decode(input), content);
    EXPECT_EQ(decoder.remaining(), 0xffffff - 5);
}

TEST(chunked_decoder, keeps_trailers_that_were_asked_for) {
    for (std::size_t portion = 1; portion < 60; ++portion) {
        chunked_decoder decoder(true);
        EXPECT_EQ(decoded(decoder, "0\r\nDigest: abc\r\nServer-Timing:  a \r\nserver-timing:b\r\n\r\n", portion), "!");
        EXPECT_EQ(decoder.trailers().size(), 3);
        EXPECT_EQ(decoder.trailers().get("digest"), "abc");
        EXPECT_EQ(decoder.trailers().get_all("Server-Timing"), (std::vector<std::string_view>{"a", "b"}));
    }
}

TEST(chunked_decoder, drops_trailers_that_were_not_asked_for) {
    chunked_decoder decoder;
    EXPECT_EQ(decoded(decoder, "0\r\nDigest: abc\r\n\r\n", 100), "!");
    EXPECT_TRUE(decoder.trailers().empty());
}

TEST(chunked_decoder, drops_trailers_that_had_to_come_before_the_content) {
    chunked_decoder decoder(true);
    EXPECT_EQ(
        decoded(decoder,
                "0\r\nContent-Length: 5\r\nTRANSFER-ENCODING: chunked\r\nhost: b\r\nAuthorization: x\r\nCookie: a=b\r\n"
                "Set-Cookie: a=b\r\nContent-Type: text/html\r\nX-Forwarded-For: 1\r\nTrailer: x\r\nDigest: abc\r\n\r\n",
                1000),
        "!");
    EXPECT_EQ(decoder.trailers().size(), 1);
    EXPECT_EQ(decoder.trailers().get("Digest"), "abc");
}

TEST(chunked_decoder, refuses_for_ever_and_says_why) {
    chunked_decoder decoder;
    std::string_view input = "5\nhello";
    ASSERT_EQ(decoder.decode(input), refused);
    EXPECT_EQ(decoder.why().status, status::bad_request);
    EXPECT_EQ(decoder.why().sentence, "the size of a chunk is not a hexadecimal number");
    input = "0\r\n\r\n";
    EXPECT_EQ(decoder.decode(input), refused);
}

TEST(chunked_decoder, refuses_what_is_one_over_a_limit_that_was_given) {
    const chunk_limits limits = {
        .extension_bytes = 4, .all_extension_bytes = 6, .trailer_bytes = 10, .trailer_fields = 2};
    const auto outcome = [&](std::string_view body) {
        chunked_decoder decoder(false, limits);
        return decoded(decoder, body, 1);
    };
    EXPECT_EQ(outcome("1;abc\r\na\r\n1;ab\r\nb\r\n0\r\n\r\n"), "ab!");
    EXPECT_EQ(outcome("1;abcd\r\na\r\n0\r\n\r\n"), "?");
    EXPECT_EQ(outcome("1;abc\r\na\r\n1;abcd\r\nb\r\n0\r\n\r\n"), "a?");
    EXPECT_EQ(outcome("1;abc\r\na\r\n1;abc\r\nb\r\n1;a\r\nc\r\n0\r\n\r\n"), "ab?");
    EXPECT_EQ(outcome("0\r\nX:yyyy\r\n\r\n"), "!");
    EXPECT_EQ(outcome("0\r\nX:yyyyy\r\n\r\n"), "?");
    EXPECT_EQ(outcome("0\r\nX:\r\nX:\r\n\r\n"), "!");
}

TEST(chunked_decoder, starts_again_and_then_allocates_nothing) {
    chunked_decoder decoder(true);
    const std::string_view body = "5\r\nhello\r\n0\r\nX-Long-Name-Of-A-Trailer: y\r\n\r\n";
    const auto run = [&] {
        std::string_view input = body;
        bool all = decoder.decode(input) == content && decoder.content() == "hello";
        all = all && decoder.decode(input) == complete && decoder.trailers().contains("X-Long-Name-Of-A-Trailer");
        decoder.restart(false);
        input = body;
        all =
            all && decoder.decode(input) == content && decoder.decode(input) == complete && decoder.trailers().empty();
        decoder.restart();
        return all;
    };
    ASSERT_TRUE(run());
    decoder.restart();
    const auto plain = [&] {
        std::string_view input = "5\r\nhello\r\n0\r\n\r\n";
        const bool all = decoder.decode(input) == content && decoder.decode(input) == complete;
        decoder.restart();
        return all;
    };
    ASSERT_TRUE(plain());
    const std::size_t before = allocations.load();
    bool all = true;
    for (int round = 0; round < 10; ++round) all = plain() && all;
    const std::size_t after = allocations.load();
    EXPECT_TRUE(all);
    EXPECT_EQ(after, before);
}

}  // namespace
