// SPDX-License-Identifier: Apache-2.0
#include <weft/http/request.hpp>

#include "http/made_request.hpp"

#include <gtest/gtest.h>

using weft_test::made_request;
namespace http = weft::http;

namespace {

TEST(request_cookies, are_those_that_the_client_brings) {
    made_request r("Cookie: a=1; b=\"2\"\r\nCookie: c=3\r\n");
    EXPECT_EQ(r->cookie("a"), "1");
    EXPECT_EQ(r->cookie("b"), "2");
    EXPECT_EQ(r->cookie("c"), "3");
    EXPECT_EQ(r->cookie("d"), "");
    EXPECT_EQ(r->cookies().size(), 3u);
    EXPECT_EQ(&r->cookies(), &r->cookies());
}

TEST(request_cookies, are_none_where_nothing_is_brought) { EXPECT_TRUE(made_request()->cookies().empty()); }

TEST(request_cookies, that_are_malformed_are_dropped_and_pose_as_no_other) {
    made_request r("Cookie: =__Host-id=evil; __Host-id; ;;\"; a=1\r\nCookie: ; b=2;\r\n");
    EXPECT_EQ(r->cookie("__Host-id"), "");
    EXPECT_EQ(r->cookie("a"), "1");
    EXPECT_EQ(r->cookie("b"), "2");
}

}  // namespace
