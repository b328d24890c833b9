// SPDX-License-Identifier: Apache-2.0
#include <weft/http/cookies.hpp>

#include <gmock/gmock.h>

namespace http = weft::http;
using list = std::vector<http::cookies::cookie>;

namespace {

list parsed(std::string_view field) {
    const http::cookies cookies = http::cookies::parse(field);
    return {cookies.begin(), cookies.end()};
}

TEST(cookies, are_those_of_the_field) {
    EXPECT_EQ(parsed(""), list());
    EXPECT_EQ(parsed("a=1"), (list{{"a", "1"}}));
    EXPECT_EQ(parsed("a=1; b=2;c=3 ;\td = 4 "), (list{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}));
    EXPECT_EQ(parsed("a=b=c=; d="), (list{{"a", "b=c="}, {"d", ""}}));
    EXPECT_EQ(parsed("a=\"x y\"; b=\"; c=\"\"; d=\"a\\\"b\""),
              (list{{"a", "x y"}, {"b", "\""}, {"c", ""}, {"d", "a\\\"b"}}));
    EXPECT_EQ(parsed("a=x, y; b=%20+\xff"), (list{{"a", "x, y"}, {"b", "%20+\xff"}}));
    EXPECT_EQ(parsed("$Version=1; a=1; $Path=/"), (list{{"$Version", "1"}, {"a", "1"}, {"$Path", "/"}}));
}

TEST(cookies, without_a_name_are_dropped_and_pose_as_no_others) {
    EXPECT_EQ(parsed(";;; ; "), list());
    EXPECT_EQ(parsed("a; =b; =; ==c"), list());
    EXPECT_EQ(parsed("=__Host-id=evil; __Host-id=good"), (list{{"__Host-id", "good"}}));
    EXPECT_EQ(parsed("__Host-id"), list());
    EXPECT_EQ(parsed(" __host-id=evil"), (list{{"__host-id", "evil"}}));
    EXPECT_FALSE(http::cookies::parse("__host-id=evil; __Host_id=evil; __Host.id=evil").contains("__Host-id"));
}

TEST(cookies, of_one_name_count_in_their_order) {
    const http::cookies cookies = http::cookies::parse("a=1; A=2; a=3");
    EXPECT_EQ(cookies.get("a"), "1");
    EXPECT_THAT(cookies.get_all("a"), testing::ElementsAre("1", "3"));
    EXPECT_EQ(cookies.get("b"), std::nullopt);
    EXPECT_EQ(cookies.size(), 3);
    EXPECT_FALSE(cookies.empty());
}

}  // namespace
