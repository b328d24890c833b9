// SPDX-License-Identifier: Apache-2.0
#include <weft/http/accept.hpp>

#include <gtest/gtest.h>

namespace http = weft::http;
using http::media_type;

namespace {

int quality(std::string_view field, const char* type) {
    return http::accept::parse(field).quality(media_type::parse(type).value());
}

TEST(accept, takes_the_most_specific_range) {
    // The example of RFC 9110 12.5.1.
    const char* field =
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
    EXPECT_EQ(quality(field, "text/plain;format=flowed"), 1000);
    EXPECT_EQ(quality(field, "text/plain"), 700);
    EXPECT_EQ(quality(field, "text/html"), 300);
    EXPECT_EQ(quality(field, "image/jpeg"), 500);
    EXPECT_EQ(quality(field, "text/plain;format=fixed"), 400);
    EXPECT_EQ(quality(field, "text/html;level=3"), 300);
}

TEST(accept, has_qualities_in_thousandths) {
    for (const auto& [q, value] : {std::pair("0", 0),
                                   {"0.", 0},
                                   {"0.5", 500},
                                   {"0.05", 50},
                                   {"0.005", 5},
                                   {"0.123", 123},
                                   {"1", 1000},
                                   {"1.", 1000},
                                   {"1.000", 1000}}) {
        EXPECT_EQ(quality("a/b;q=" + std::string(q), "a/b"), value) << q;
    }
    EXPECT_EQ(quality("A/B;Q=0.5", "a/b"), 500);
    EXPECT_EQ(quality("a/b;q=\"0.5\"", "a/b"), 500);
}

TEST(accept, passes_over_what_is_malformed) {
    for (const char* q : {"2", "1.1", "1.001", "0.1234", ".5", "-1", "+1", "1e0", "x", "00", "0,5"}) {
        EXPECT_EQ(quality("c/d, a/b;q=" + std::string(q), "a/b"), 0) << q;
    }
    for (const char* field : {"", " , ,", "a", "*", "a/b;q", "a/b;q=2", "\"", "a/b;q=\"1"})
        EXPECT_EQ(quality(field, "x/y"), 1000) << field;
    EXPECT_EQ(quality("a;x=\"b,c/d\", e/f", "c/d"), 0) << "a comma between quotes";
    EXPECT_EQ(quality("a/b;x=\"\\\",\", e/f;q=0.5", "e/f"), 500);
    EXPECT_EQ(quality("*/b", "a/b"), 0);
}

TEST(accept, chooses_what_is_offered) {
    const std::vector<media_type> offered = {{"text", "html"}, {"application", "json"}, {"image", "png"}};
    const auto best = [&](std::string_view field) { return http::accept::parse(field).best_of(offered); };
    EXPECT_EQ(best(""), 0);
    EXPECT_EQ(best("*/*"), 0);
    EXPECT_EQ(best("application/json"), 1);
    EXPECT_EQ(best("text/html;q=0.5, application/*"), 1);
    EXPECT_EQ(best("text/html;q=0.5, image/png;q=0.500"), 0);
    EXPECT_EQ(best("*/*;q=0.1, text/html;q=0"), 1);
    EXPECT_EQ(best("audio/*"), std::nullopt);
    EXPECT_EQ(best("*/*;q=0"), std::nullopt);
    EXPECT_EQ(http::accept().best_of({}), std::nullopt);
}

}  // namespace
