// SPDX-License-Identifier: Apache-2.0
#include <weft/http/form.hpp>
#include <weft/http/http_error.hpp>

#include <gmock/gmock.h>

#include <cstdint>

namespace http = weft::http;
using fields = std::vector<http::form::field>;

namespace {

fields parsed(std::string_view text) {
    const http::form form = http::form::parse(text);
    return {form.begin(), form.end()};
}

// urllib.parse.parse_qsl(…, keep_blank_values=True) of CPython 3.11 says the same.
TEST(form, is_parsed_as_python_does) {
    EXPECT_EQ(parsed(""), fields());
    EXPECT_EQ(parsed("&&&"), fields());
    EXPECT_EQ(parsed("a=1&b=2&a=3"), (fields{{"a", "1"}, {"b", "2"}, {"a", "3"}}));
    EXPECT_EQ(parsed("a&b=&=c&="), (fields{{"a", ""}, {"b", ""}, {"", "c"}, {"", ""}}));
    EXPECT_EQ(parsed("a=b=c"), (fields{{"a", "b=c"}}));
    EXPECT_EQ(parsed("a=1;b=2"), (fields{{"a", "1;b=2"}}));
    EXPECT_EQ(parsed("a+b=c+d%2B"), (fields{{"a b", "c d+"}}));
    EXPECT_EQ(parsed("%26=%3D&caf%c3%a9=%E2%82%AC"), (fields{{"&", "="}, {"café", "€"}}));
    EXPECT_EQ(parsed("x[]=1&x[]=2"), (fields{{"x[]", "1"}, {"x[]", "2"}}));
    EXPECT_EQ(parsed("a=%2541"), (fields{{"a", "%41"}}));
}

TEST(form, gives_the_first_value_or_all) {
    const http::form form = http::form::parse("a=1&b=2&a=3");
    EXPECT_EQ(form.get("a"), "1");
    EXPECT_EQ(form.get("c"), std::nullopt);
    EXPECT_THAT(form.get_all("a"), testing::ElementsAre("1", "3"));
    EXPECT_TRUE(form.contains("b"));
    EXPECT_FALSE(form.contains("B"));
}

TEST(form, gives_values_of_a_type) {
    const http::form form = http::form::parse("i=-7&u=255&d=1.5e3&t=On&f=no&s=a+b&e=");
    EXPECT_EQ(form.get<int>("i"), -7);
    EXPECT_EQ(form.get<std::uint8_t>("u"), 255);
    EXPECT_EQ(form.get<double>("d"), 1500);
    EXPECT_TRUE(form.get<bool>("t"));
    EXPECT_FALSE(form.get<bool>("f"));
    EXPECT_EQ(form.get<std::string>("s"), "a b");
    EXPECT_EQ(form.get<std::string>("e"), "");
    EXPECT_EQ(form.get_or("none", 3), 3);
    EXPECT_EQ(form.get_or("i", 3), -7);
}

template <class T>
std::string why_not(const char* query) {
    try {
        static_cast<void>(http::form::parse(query).get<T>("k"));
    } catch (const http::http_error& e) {
        EXPECT_EQ(e.status(), http::status::unprocessable_content);
        return e.what();
    }
    return "it is one";
}

TEST(form, says_which_value_is_not_of_the_type) {
    EXPECT_EQ(why_not<int>("a=1"), "k: missing");
    for (const char* query : {"k=", "k=x", "k=1x", "k=+1", "k=%2B1", "k=+", "k=0x1", "k=1.5", "k=1%00"})
        EXPECT_EQ(why_not<int>(query), "k: not an integer");
    EXPECT_EQ(why_not<int>("k=2147483648"), "k: out of range");
    EXPECT_EQ(why_not<unsigned>("k=-1"), "k: not an integer");
    EXPECT_EQ(why_not<std::int8_t>("k=128"), "k: out of range");
    EXPECT_EQ(why_not<double>("k=1,5"), "k: not a number");
    EXPECT_EQ(why_not<double>("k=1e999"), "k: out of range");
    EXPECT_EQ(why_not<double>("k=inf"), "k: not a finite number");
    EXPECT_EQ(why_not<double>("k=nan"), "k: not a finite number");
    EXPECT_EQ(why_not<bool>("k=2"), "k: neither true nor false");
    EXPECT_EQ(why_not<bool>("k"), "k: neither true nor false");
    EXPECT_EQ(why_not<std::string>("x=1"), "k: missing");
    try {
        static_cast<void>(http::form().get<int>(std::string("<\r\n\0>", 5) + std::string(100, 'x')));
        FAIL();
    } catch (const http::http_error& e) {
        EXPECT_EQ(e.what(), std::string("<???") + ">" + std::string(59, 'x') + "…: missing");
    }
}

TEST(form, refuses_what_cannot_be_decoded) {
    for (const char* text : {"%", "a=%4", "a=%zz", "%%=1", "a=%ff", "a=%c0%ae", "a=%ed%a0%80", "\xff=1", "a=1&b=%"}) {
        try {
            http::form::parse(text);
            ADD_FAILURE() << text;
        } catch (const http::http_error& e) {
            EXPECT_EQ(e.status(), http::status::bad_request);
        }
    }
}

TEST(form, has_a_thousand_fields_at_most) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "&&a=";
    EXPECT_EQ(http::form::parse(text + "&&").size(), 1000);
    try {
        http::form::parse(text + "&b");
        FAIL();
    } catch (const http::http_error& e) {
        EXPECT_EQ(e.status(), http::status::content_too_large);
    }
    EXPECT_THROW(http::form::parse("a&b", 1), http::http_error);
}

TEST(form, is_changed_and_written_back) {
    http::form form;
    form.add("a b", "1&2=3+4");
    form.add("é", "");
    form.add("x", "1");
    form.add("x", "2");
    EXPECT_EQ(form.to_string(), "a+b=1%262%3D3%2B4&%C3%A9=&x=1&x=2");
    EXPECT_EQ(http::form::parse(form.to_string()), form);
    form.set("x", *form.get("x"));
    EXPECT_EQ(form.to_string(), "a+b=1%262%3D3%2B4&%C3%A9=&x=1");
    EXPECT_EQ(form.remove("a b"), 1);
    EXPECT_EQ(form.size(), 2);
    EXPECT_FALSE(form.empty());
}

}  // namespace
