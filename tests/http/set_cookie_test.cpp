// SPDX-License-Identifier: Apache-2.0
#include <weft/http/set_cookie.hpp>

#include <gmock/gmock.h>

#include <stdexcept>

namespace http = weft::http;
using http::same_site;
using http::set_cookie;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

constexpr sys_seconds november{seconds(784111777)};

TEST(set_cookie, is_written_with_its_attributes) {
    EXPECT_EQ((set_cookie{.name = "a", .value = "b"}).to_string(), "a=b; Path=/; HttpOnly; SameSite=Lax");
    EXPECT_EQ((set_cookie{.name = "a", .value = "", .path = "", .http_only = false, .same_site = same_site::unset})
                  .to_string(),
              "a=");
    EXPECT_EQ((set_cookie{.name = "__Secure-a",
                          .value = "%20!#$&'()*+-./:<=>?@[]^_`{|}~",
                          .path = "/a b",
                          .domain = "example.org",
                          .max_age = std::chrono::hours(1),
                          .expires = november,
                          .secure = true,
                          .http_only = true,
                          .same_site = same_site::none,
                          .partitioned = true})
                  .to_string(),
              "__Secure-a=%20!#$&'()*+-./:<=>?@[]^_`{|}~; Path=/a b; Domain=example.org; Max-Age=3600; "
              "Expires=Sun, 06 Nov 1994 08:49:37 GMT; Secure; HttpOnly; SameSite=None; Partitioned");
    EXPECT_EQ(
        (set_cookie{.name = "__Host-a", .value = "b", .secure = true, .same_site = same_site::strict}).to_string(),
        "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Strict");
}

std::string why_not(const set_cookie& cookie) {
    try {
        return cookie.to_string();
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
}

TEST(set_cookie, lets_nothing_in_that_could_be_an_attribute_or_a_line) {
    const std::string nul(1, '\0');
    for (const std::string& bad : {std::string("\r"), std::string("\n"), std::string("\r\nSet-Cookie: x=y"),
                                   std::string(";"), std::string("; Domain=evil.example"), nul, std::string("\t"),
                                   std::string("\x7f"), std::string("é"), std::string("\x1b")}) {
        EXPECT_THAT(why_not({.name = "a" + bad, .value = "v"}), testing::StartsWith("http: the cookie 'a"));
        EXPECT_THAT(why_not({.name = "a", .value = "v" + bad}),
                    testing::StartsWith("http: the cookie 'a' has a value with"));
        EXPECT_THAT(why_not({.name = "a", .value = "v", .path = "/" + bad}),
                    testing::StartsWith("http: the cookie 'a' has no proper path"));
        EXPECT_THAT(why_not({.name = "a", .value = "v", .domain = "b" + bad}),
                    testing::StartsWith("http: the cookie 'a' has no proper domain"));
    }
    for (const std::string bad : {" ", "\"", ",", "\\", "a b", "\"a\""}) {
        EXPECT_THAT(why_not({.name = "a", .value = bad}), testing::StartsWith("http: the cookie 'a' has a value with"))
            << bad;
    }
    for (const std::string bad : {"", " ", "a b", "a=b", "=", "\"a\"", "a,b", "(a)"}) {
        EXPECT_THAT(why_not({.name = bad, .value = "v"}), testing::HasSubstr("has no name, or one that is no token"))
            << bad;
    }
}

TEST(set_cookie, has_attributes_that_agree) {
    EXPECT_THAT(why_not({.name = "a", .value = "v", .path = "b"}), testing::HasSubstr("begins with no slash"));
    EXPECT_THAT(why_not({.name = "a", .value = "v", .domain = ".b"}), testing::HasSubstr("a dot in front"));
    EXPECT_THAT(why_not({.name = "a", .value = "v", .same_site = same_site::none}),
                testing::HasSubstr("SameSite=None without Secure"));
    EXPECT_THAT(why_not({.name = "a", .value = "v", .partitioned = true}),
                testing::HasSubstr("partitioned without Secure"));
    const auto prefix = testing::HasSubstr("is not what the prefix of its name says");
    for (const std::string name : {"__Secure-a", "__secure-A", "__Host-a", "__HOST-a"})
        EXPECT_THAT(why_not({.name = name, .value = "v"}), prefix);
    EXPECT_THAT(why_not({.name = "__Host-a", .value = "v", .path = "/b", .secure = true}), prefix);
    EXPECT_THAT(why_not({.name = "__Host-a", .value = "v", .path = "", .secure = true}), prefix);
    EXPECT_THAT(why_not({.name = "__host-a", .value = "v", .domain = "b", .secure = true}), prefix);
    EXPECT_THAT(why_not({.name = "__Secure", .value = "v"}), testing::StartsWith("__Secure=v"));
    EXPECT_THAT(why_not({.name = "a", .value = std::string(4095, 'v')}), testing::StartsWith("a=v"));
    EXPECT_THAT(why_not({.name = "a", .value = std::string(4096, 'v')}), testing::HasSubstr("more than 4096 bytes"));
    EXPECT_THAT(why_not({.name = "a", .value = "v", .path = "/" + std::string(1024, 'v')}),
                testing::HasSubstr("no proper path"));
}

TEST(set_cookie, is_read_as_clients_do) {
    const auto parsed = set_cookie::parse(
        "a=b; path=/x; DOMAIN=.Example.ORG; max-age=60; Secure; HttpOnly; SameSite=strict; Partitioned; Priority=High; ;");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, (set_cookie{.name = "a",
                                   .value = "b",
                                   .path = "/x",
                                   .domain = "example.org",
                                   .max_age = seconds(60),
                                   .secure = true,
                                   .http_only = true,
                                   .same_site = same_site::strict,
                                   .partitioned = true}));
    const set_cookie bare{.name = "a", .value = "", .path = "", .http_only = false, .same_site = same_site::unset};
    for (const char* field :
         {"a=", " a = ", "a=;", "a=; Path=b; Max-Age=x; Expires=never; SameSite=perhaps; x=y", "a=; Max-Age=1.5",
          "a=; Max-Age=", "a=; Path=/b; Path", "a=; Max-Age=+1", "a=; Max-Age=-", "a=; SameSite=None; SameSite="}) {
        EXPECT_EQ(set_cookie::parse(field), bare) << field;
    }
    EXPECT_EQ(set_cookie::parse("a=\"b c\", d=e")->value, "\"b c\", d=e");
    EXPECT_EQ(set_cookie::parse("a=; Max-Age=99999999999999999999999")->max_age, std::chrono::days(400));
    EXPECT_EQ(set_cookie::parse("a=; Max-Age=-99999999999999999999999")->max_age, -std::chrono::days(400));
    EXPECT_EQ(set_cookie::parse("a=; Max-Age=1; Max-Age=2")->max_age, seconds(2));
    EXPECT_EQ(set_cookie::parse("a=; Path=/" + std::string(1024, 'x'))->path, "");
}

TEST(set_cookie, that_is_none_is_ignored) {
    for (const std::string& field : {std::string(), std::string(";"), std::string("a"), std::string("=b"),
                                     std::string(" =b"), std::string("a; b=c"), std::string("a=b\r\nc"),
                                     std::string("a=b\0c", 5), std::string("a=b\x7f"), "a=" + std::string(4096, 'x')}) {
        EXPECT_EQ(set_cookie::parse(field), std::nullopt) << field;
    }
    EXPECT_TRUE(set_cookie::parse("a=" + std::string(4095, 'x')));
    EXPECT_TRUE(set_cookie::parse("a=b\tc"));
}

TEST(set_cookie, has_an_expiry_in_nearly_any_form) {
    for (const char* text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
          "Sun, 06-Nov-1994 08:49:37 GMT", "6 nov 1994 8:49:37", "08:49:37 November 6th 94", "1994/6/Nov/08:49:37",
          "Foo, 06 Nov 1994 08:49:37 +0100", "06 Nov 1994 08:49:37.123"}) {
        EXPECT_EQ(set_cookie::parse("a=; Expires=" + std::string(text))->expires, november) << text;
    }
    for (const char* text :
         {"", "0", "Thu", "Sun, 06 Nov 1994", "06 Nov 08:49:37", "31 Feb 1994 08:49:37", "06 Nov 1994 24:49:37",
          "06 Nov 1994 08:60:37", "06 Nov 1994 08:49:60", "06 Nov 1600 08:49:37", "06 Nov 11994 08:49:37",
          "06 Foo 1994 08:49:37", "06 Nov 1994 008:49:37", "06 Nov 1994 08:49", "00 Nov 1994 08:49:37"}) {
        EXPECT_EQ(set_cookie::parse("a=; Expires=" + std::string(text))->expires, std::nullopt) << text;
    }
    const auto year_of = [](const char* year) {
        return set_cookie::parse("a=; Expires=1 Jan " + std::string(year) + " 0:0:0")->expires;
    };
    EXPECT_EQ(year_of("69"), year_of("2069"));
    EXPECT_EQ(year_of("70"), sys_seconds());
    EXPECT_EQ(year_of("99"), year_of("1999"));
    EXPECT_EQ(year_of("9999"), sys_seconds(std::chrono::sys_days(std::chrono::year(9999) / 1 / 1)));
}

TEST(set_cookie, is_read_back) {
    for (const set_cookie& cookie :
         {set_cookie{.name = "a", .value = "b"}, set_cookie{.name = "__Host-a", .value = "b", .secure = true},
          set_cookie{.name = "a",
                     .value = "b",
                     .path = "",
                     .domain = "c.d",
                     .max_age = seconds(-1),
                     .expires = november,
                     .secure = true,
                     .partitioned = true}}) {
        EXPECT_EQ(set_cookie::parse(cookie.to_string()), cookie);
    }
}

}  // namespace
