// SPDX-License-Identifier: Apache-2.0
#include <weft/http/conditional.hpp>

#include <gtest/gtest.h>

namespace http = weft::http;
using http::headers;
using http::method;
using enum http::precondition;
using std::chrono::seconds;

namespace {

constexpr std::chrono::sys_seconds november{seconds(784111777)};
constexpr const char *before = "Sun, 06 Nov 1994 08:49:36 GMT", *at = "Sun, 06 Nov 1994 08:49:37 GMT",
                     *after = "Sun, 06 Nov 1994 08:49:38 GMT";
const http::validators current{.tag = http::etag{"a"}, .last_modified = november};
const http::validators weak{.tag = http::etag{"a", true}, .last_modified = november};
const http::validators absent{.exists = false};

http::precondition get(const headers& request, const http::validators& state = current) {
    return evaluate(method::get, request, state, november + seconds(60));
}
http::precondition put(const headers& request, const http::validators& state = current) {
    return evaluate(method::put, request, state, november + seconds(60));
}

TEST(conditional, request_without_conditions_goes_on) {
    EXPECT_EQ(get({}), holds);
    EXPECT_EQ(put({}, absent), holds);
}

TEST(conditional, if_match_wants_the_very_state) {
    EXPECT_EQ(put({{"If-Match", "\"a\""}}), holds);
    EXPECT_EQ(put({{"if-match", "\"b\" , ,\"a\""}}), holds);
    EXPECT_EQ(put({{"If-Match", "\"b\""}, {"If-Match", "\"a\""}}), holds);
    EXPECT_EQ(put({{"If-Match", "\"b\""}}), fails);
    EXPECT_EQ(get({{"If-Match", "\"b\""}}), fails);
    EXPECT_EQ(put({{"If-Match", "W/\"a\""}}), fails);
    EXPECT_EQ(put({{"If-Match", "\"a\""}}, weak), fails);
    EXPECT_EQ(put({{"If-Match", "*"}}), holds);
    EXPECT_EQ(put({{"If-Match", "*"}}, absent), fails);
    EXPECT_EQ(put({{"If-Match", "\"a\""}}, absent), fails);
    for (const char* field : {"", "a", ",", "\"b\" \"a\"", "b, \"a\"", "\"a", "\"a, b\"", "*, \"b\""})
        EXPECT_EQ(put({{"If-Match", field}}), fails) << field;
}

TEST(conditional, if_none_match_wants_another_state) {
    EXPECT_EQ(get({{"If-None-Match", "\"a\""}}), not_modified);
    EXPECT_EQ(get({{"If-None-Match", "\"b\", W/\"a\""}}), not_modified);
    EXPECT_EQ(get({{"If-None-Match", "\"a\""}}, weak), not_modified);
    EXPECT_EQ(evaluate(method::head, {{"If-None-Match", "\"a\""}}, current, november), not_modified);
    EXPECT_EQ(put({{"If-None-Match", "\"a\""}}), fails);
    EXPECT_EQ(get({{"If-None-Match", "\"b\""}}), holds);
    EXPECT_EQ(get({{"If-None-Match", "*"}}), not_modified);
    EXPECT_EQ(put({{"If-None-Match", "*"}}), fails);
    EXPECT_EQ(put({{"If-None-Match", "*"}}, absent), holds);
    EXPECT_EQ(get({{"If-None-Match", "a"}}), holds);
}

TEST(conditional, dates_count_where_there_are_no_tags) {
    EXPECT_EQ(get({{"If-Modified-Since", at}}), not_modified);
    EXPECT_EQ(get({{"If-Modified-Since", after}}), not_modified);
    EXPECT_EQ(get({{"If-Modified-Since", before}}), holds);
    EXPECT_EQ(get({{"If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"}}), not_modified);
    EXPECT_EQ(put({{"If-Modified-Since", at}}), holds);
    EXPECT_EQ(put({{"If-Unmodified-Since", at}}), holds);
    EXPECT_EQ(put({{"If-Unmodified-Since", before}}), fails);
    EXPECT_EQ(get({{"If-Unmodified-Since", before}}), fails);
    for (const char* field : {"", "0", "yesterday"}) {
        EXPECT_EQ(get({{"If-Modified-Since", field}}), holds);
        EXPECT_EQ(put({{"If-Unmodified-Since", field}}), holds);
    }
    EXPECT_EQ(get({{"If-Modified-Since", at}}, absent), holds);
    EXPECT_EQ(get({{"If-Modified-Since", at}, {"If-Modified-Since", before}}), holds);
}

TEST(conditional, tags_go_before_dates_and_matching_before_not_matching) {
    EXPECT_EQ(get({{"If-Modified-Since", at}, {"If-None-Match", "\"b\""}}), holds);
    EXPECT_EQ(get({{"If-Modified-Since", before}, {"If-None-Match", "\"a\""}}), not_modified);
    EXPECT_EQ(put({{"If-Unmodified-Since", before}, {"If-Match", "\"a\""}}), holds);
    EXPECT_EQ(get({{"If-None-Match", "\"a\""}, {"If-Match", "\"b\""}}), fails);
    EXPECT_EQ(get({{"If-None-Match", "\"a\""}, {"If-Match", "\"a\""}}), not_modified);
    EXPECT_EQ(get({{"If-Modified-Since", at}, {"If-Match", "\"a\""}}), not_modified);
}

TEST(conditional, methods_that_read_and_write_nothing_have_no_conditions) {
    for (const method m : {method::connect, method::options, method::trace})
        EXPECT_EQ(evaluate(m, {{"If-Match", "\"b\""}}, current, november), holds);
}

TEST(conditional, range_counts_for_the_same_bytes) {
    const auto counts = [](const headers& request, const http::validators& state = current,
                           seconds later = seconds(60)) { return range_counts(request, state, november + later); };
    EXPECT_TRUE(counts({}));
    EXPECT_TRUE(counts({{"If-Range", "\"a\""}}));
    EXPECT_FALSE(counts({{"If-Range", "\"b\""}}));
    EXPECT_FALSE(counts({{"If-Range", "W/\"a\""}}));
    EXPECT_FALSE(counts({{"If-Range", "\"a\""}}, weak));
    EXPECT_FALSE(counts({{"If-Range", "\"a\""}}, absent));
    EXPECT_FALSE(counts({{"If-Range", "\"a\", \"b\""}}));
    EXPECT_FALSE(counts({{"If-Range", "*"}}));
    EXPECT_FALSE(counts({{"If-Range", ""}}));
    EXPECT_TRUE(counts({{"If-Range", at}}));
    EXPECT_FALSE(counts({{"If-Range", after}}));
    EXPECT_FALSE(counts({{"If-Range", before}}));
    EXPECT_FALSE(counts({{"If-Range", at}}, current, seconds(0)));
    EXPECT_FALSE(counts({{"If-Range", at}}, absent));
    EXPECT_FALSE(counts({{"If-Range", "\"a\""}, {"If-Range", "\"a\""}}));
}

}  // namespace
