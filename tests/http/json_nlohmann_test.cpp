// SPDX-License-Identifier: Apache-2.0
// The adapter for nlohmann-json that the examples have.
#include <weft/http/json.hpp>

#if __has_include(<nlohmann/json.hpp>)

#include "../../examples/nlohmann_codec.hpp"

#include "http/posts.hpp"

#include <gmock/gmock.h>

#include <map>

using namespace weft_test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace weft_test {

struct price {
    int cents = 0;
    std::string currency;
};
struct book {
    std::string title;
    price costs;
    std::vector<std::uint8_t> ratings;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(price, cents, currency)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(book, title, costs, ratings)

}  // namespace weft_test

namespace {

/// What decoding it as a `T` fails with.
template <class T>
std::string why(std::string_view text) {
    try {
        nlohmann_codec::decode<T>(text);
        return "nothing";
    } catch (const std::exception& e) {
        return e.what();
    }
}
std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(json_nlohmann, goes_in_and_out) {
    const char* const text = R"({"costs":{"cents":-5,"currency":"€"},"ratings":[1,255],"title":"a"})";
    const book b = nlohmann_codec::decode<book>(text);
    EXPECT_EQ(b.costs.cents, -5);
    EXPECT_EQ(b.ratings[1], 255);
    EXPECT_EQ(nlohmann_codec::encode(b), text);
    EXPECT_EQ(nlohmann_codec::encode(std::map<std::string, bool>{{"a", true}}), R"({"a":true})");
}

TEST(json_nlohmann, says_where_it_is_wrong) {
    EXPECT_EQ(why<book>(R"({"title":1})"), "/title: type must be string, but is number");
    EXPECT_EQ(why<book>(R"({"title":"a","costs":{"cents":"b"}})"), "/costs/cents: type must be integer, but is string");
    EXPECT_THAT(why<book>(R"({"title":"a","costs":{}})"), "/costs: key 'cents' not found");
    EXPECT_EQ(why<book>("{}"), "key 'title' not found");
    EXPECT_THAT(why<book>("[]"), HasSubstr("array"));
    EXPECT_THAT(why<book>("{\"title\": }"),
                AllOf(StartsWith("parse error at line 1, column 11"), HasSubstr("unexpected")));
    EXPECT_THAT(why<int>(""), StartsWith("parse error"));
    EXPECT_THAT(why<int>("1 2"), StartsWith("parse error"));
    EXPECT_THAT(why<std::string>("\"\xff\""), StartsWith("parse error"));
    EXPECT_EQ(why<double>("1e999"), "number overflow parsing '1e999'");
}

TEST(json_nlohmann, cuts_no_numbers) {
    EXPECT_EQ(why<int>("3.5"), "type must be integer, but is number");
    EXPECT_EQ(why<int>("5000000000"), "number is out of range");
    EXPECT_EQ(why<unsigned>("-1"), "number is out of range");
    EXPECT_EQ(why<int>("true"), "type must be integer, but is boolean");
    EXPECT_EQ(why<std::vector<std::uint8_t>>("[1,256]"), "/1: number is out of range");
    EXPECT_EQ(nlohmann_codec::decode<std::int64_t>("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(nlohmann_codec::decode<std::uint64_t>("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(nlohmann_codec::decode<double>("3"), 3.0);
    EXPECT_TRUE(nlohmann_codec::decode<bool>("true"));
}

TEST(json_nlohmann, refuses_a_key_that_comes_twice) {
    EXPECT_EQ(why<nlohmann::json>(R"({"a":{"b":1,"c":{"b":2},"b":3}})"), "the key 'b' comes twice");
    EXPECT_EQ(why<nlohmann::json>(R"([{"a":1},{"a":2,"b":{"a":3}}])"), "nothing");
    EXPECT_EQ(why<nlohmann::json>(R"({"a":1,"\u0061":2})"), "the key 'a' comes twice");
}

TEST(json_nlohmann, withstands_what_is_nested_deeply) {
    EXPECT_EQ(why<nlohmann::json>(nested(100)), "nothing");
    EXPECT_EQ(why<nlohmann::json>(nested(101)), "it is nested too deeply");
    EXPECT_EQ(why<nlohmann::json>(std::string(100'000, '[')), "it is nested too deeply");
    std::string objects;
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
    EXPECT_EQ(why<nlohmann::json>(objects), "it is nested too deeply");
    std::string wide = "[0";
    for (int i = 0; i < 100'000; ++i) wide += ",[]";
    EXPECT_EQ(why<nlohmann::json>(wide + "]"), "nothing");
}

TEST(json_nlohmann, is_a_codec_for_handlers) {
    const auto answer = [](std::string body) {
        return answer_to(post("application/json", body, "Accept: application/json\r\n"),
                         [](http::request& r) -> task<http::response> {
                             auto b = co_await http::read_json<book, nlohmann_codec>(r);
                             b.title += "!";
                             co_return http::json<nlohmann_codec>(b, http::status::created);
                         });
    };
    EXPECT_THAT(answer(R"({"title":"a","costs":{"cents":1,"currency":"EUR"},"ratings":[]})"),
                AllOf(StartsWith("HTTP/1.1 201 "), HasSubstr(R"("title":"a!")")));
    EXPECT_THAT(
        answer(R"({"title":"a","costs":{"cents":"1","currency":"EUR"},"ratings":[]})"),
        AllOf(StartsWith("HTTP/1.1 422 "), HasSubstr("\"detail\": \"/costs/cents: type must be integer, but is")));
    EXPECT_THAT(answer(std::string(100'000, '[')), StartsWith("HTTP/1.1 422 "));
}

}  // namespace

#endif
