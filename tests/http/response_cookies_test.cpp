// SPDX-License-Identifier: Apache-2.0
#include <weft/http/response.hpp>

#include "http/made_request.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

using testing::ElementsAre;
using weft_test::made_request;
namespace http = weft::http;

namespace {

std::vector<std::string_view> given(const http::response& r) { return r.headers().get_all("Set-Cookie"); }

TEST(response_set_cookie, keeps_scripts_and_other_sites_away_by_default) {
    made_request to;
    http::response r;
    r.set_cookie(*to, "theme", "dark");
    EXPECT_THAT(given(r), ElementsAre("theme=dark; Path=/; HttpOnly; SameSite=Lax"));
}

TEST(response_set_cookie, is_secure_where_the_client_came_by_tls_or_the_name_says_so) {
    made_request by_tls({}, true), plain;
    http::response r;
    r.set_cookie(*by_tls, "a", "1");
    r.set_cookie(*plain, "__Host-b", "2");
    r.set_cookie(*plain, "__secure-c", "3");
    r.set_cookie(*plain, "__d", "4");
    EXPECT_THAT(given(r), ElementsAre("a=1; Path=/; Secure; HttpOnly; SameSite=Lax",
                                      "__Host-b=2; Path=/; Secure; HttpOnly; SameSite=Lax",
                                      "__secure-c=3; Path=/; Secure; HttpOnly; SameSite=Lax",
                                      "__d=4; Path=/; HttpOnly; SameSite=Lax"));
}

TEST(response_set_cookie, takes_the_place_of_the_same_cookie_and_of_no_other) {
    made_request to;
    http::response r;
    r.set_cookie(*to, "a", "1");
    r.set_cookie(*to, {.name = "a", .value = "2", .path = "/below"});
    r.set_cookie(*to, "b", "3");
    r.set_cookie(*to, "a", "4");
    EXPECT_THAT(given(r), ElementsAre("a=2; Path=/below; HttpOnly; SameSite=Lax", "b=3; Path=/; HttpOnly; SameSite=Lax",
                                      "a=4; Path=/; HttpOnly; SameSite=Lax"));
}

TEST(response_set_cookie, lets_no_value_become_an_attribute_or_a_line) {
    made_request to;
    http::response r;
    r.set_cookie(*to, "kept", "1");
    using namespace std::string_literals;
    for (const std::string& value :
         {"x\r\nSet-Cookie: b=1"s, "x\nb"s, "x; Domain=evil"s, "a b"s, "\"x\""s, "\0"s, "ä"s}) {
        EXPECT_THROW(r.set_cookie(*to, "a", value), std::invalid_argument) << value;
        EXPECT_THROW(r.set_cookie(*to, value, "a"), std::invalid_argument) << value;
    }
    EXPECT_THROW(r.set_cookie(*to, {.name = "a", .value = "b", .path = "/\r\nX: y"}), std::invalid_argument);
    EXPECT_THROW(r.set_cookie(*to, {.name = "a", .value = "b", .domain = "a; Secure"}), std::invalid_argument);
    EXPECT_THROW(r.set_cookie(*to, {.name = "__Host-a", .value = "b", .path = "/x"}), std::invalid_argument);
    EXPECT_EQ(given(r).size(), 1u);
}

TEST(response_delete_cookie, has_the_client_forget_it) {
    made_request to;
    http::response r;
    r.set_cookie(*to, "a", "1");
    r.delete_cookie(*to, "a");
    r.delete_cookie(*to, {.name = "b", .path = "/x", .domain = "example.org"});
    EXPECT_THAT(given(r),
                ElementsAre("a=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
                            "b=; Path=/x; Domain=example.org; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
                            "HttpOnly; SameSite=Lax"));
}

}  // namespace
