// SPDX-License-Identifier: Apache-2.0
// What names and values a request brings: in its query, in a form without files, in either kind.
#include <weft/http/request.hpp>

#include "http/made_request.hpp"
#include "http/posts.hpp"

#include <gmock/gmock.h>

using namespace weft_test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

task<http::response> tell_form(http::request& r) { co_return http::response::text((co_await r.form()).to_string()); }
task<http::response> tell_any(http::request& r) { co_return http::response::text((co_await r.any_form()).to_string()); }

TEST(request_query_params, are_names_and_values) {
    made_request r({}, false, "/?page=3&q=a+b%26&q=&bad=x");
    const http::form& query = r->query_params();
    EXPECT_EQ(query.get_or("page", 1), 3);
    EXPECT_EQ(query.get_or("size", 20), 20);
    EXPECT_EQ(query.get("q"), "a b&");
    EXPECT_EQ(&r->query_params(), &query);
    try {
        query.get<int>("bad");
        ADD_FAILURE();
    } catch (const http::http_error& e) {
        EXPECT_EQ(e.status(), http::status::unprocessable_content);
        EXPECT_STREQ(e.what(), "bad: not an integer");
    }
    EXPECT_TRUE(made_request({}, false, "/path")->query_params().empty());
}

TEST(request_query_params, that_are_malformed_are_a_400) {
    EXPECT_THAT(answer_to("GET /?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n",
                          [](http::request& r) -> task<http::response> {
                              co_return http::response::text(std::to_string(r.query_params().size()));
                          }),
                StartsWith("HTTP/1.1 400 "));
}

TEST(request_query_params, are_those_of_each_request_on_a_connection) {
    const std::string one = "GET /?a=1 HTTP/1.1\r\nHost: a\r\n\r\n", other = "GET /?a=2 HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_THAT(answer_to(one + other,
                          [](http::request& r) -> task<http::response> {
                              co_return http::response::text("a is " + std::string(*r.query_params().get("a")));
                          }),
                testing::AllOf(HasSubstr("a is 1"), EndsWith("a is 2")));
}

TEST(request_form, has_the_fields_of_the_body) {
    EXPECT_THAT(answer_to(post(urlencoded, "name=Ada+L%2E&name=&x"), tell_form),
                EndsWith("\r\n\r\nname=Ada+L.&name=&x="));
    EXPECT_THAT(answer_to(post("Application/X-WWW-Form-URLEncoded; charset=UTF-8", "a=1"), tell_form),
                EndsWith("\r\na=1"));
    EXPECT_THAT(answer_to(post(urlencoded, ""), tell_form), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer_to("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: " + std::string(urlencoded) +
                              "\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n2\r\n&b\r\n0\r\n\r\n",
                          tell_form),
                EndsWith("\r\na=1&b="));
}

TEST(request_form, refuses_what_is_none) {
    EXPECT_THAT(answer_to(post("", "a=1"), tell_form), StartsWith("HTTP/1.1 415 "));
    EXPECT_THAT(answer_to(post("text/plain", "a=1"), tell_form), StartsWith("HTTP/1.1 415 "));
    EXPECT_THAT(answer_to(post(multipart, "a=1"), tell_form), StartsWith("HTTP/1.1 415 "));
    EXPECT_THAT(answer_to(post(std::string(urlencoded) + "; charset=utf-16", "a=1"), tell_form),
                StartsWith("HTTP/1.1 415 "));
    EXPECT_THAT(answer_to(post(urlencoded, "a=%f"), tell_form), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer_to(post(urlencoded, "a=%ff"), tell_form), StartsWith("HTTP/1.1 400 "));
}

TEST(request_form, has_its_limits) {
    std::string many = "a";
    for (int i = 0; i < 1000; ++i) many += "&a";
    EXPECT_THAT(answer_to(post(urlencoded, many), tell_form), StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer_to(post(urlencoded, "a&a"),
                          [](http::request& r) -> task<http::response> {
                              co_return http::response::text((co_await r.form(2)).to_string());
                          }),
                StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer_to(post(urlencoded, "a&a&a"),
                          [](http::request& r) -> task<http::response> {
                              co_return http::response::text((co_await r.form(2)).to_string());
                          }),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer_to(post(urlencoded, "a=0123456789"),
                          [](http::request& r) -> task<http::response> {
                              r.set_body_limit(11);
                              co_return http::response::text((co_await r.form()).to_string());
                          }),
                StartsWith("HTTP/1.1 413 "));
}

TEST(request_form, is_not_empty_because_the_body_was_read_before) {
    EXPECT_THAT(answer_to(post(urlencoded, "a=1"),
                          [](http::request& r) -> task<http::response> {
                              co_await r.body();
                              try {
                                  co_await r.form();
                              } catch (const weft::invalid_state_error& e) {
                                  co_return http::response::text(e.what());
                              }
                              co_return http::response();
                          }),
                EndsWith("has been read already"));
}

TEST(request_put_back, has_bytes_read_again_and_then_the_rest) {
    EXPECT_THAT(answer_to(post("", "0123456789"),
                          [](http::request& r) -> task<http::response> {
                              std::byte three[3], two[2];
                              std::size_t count = co_await r.read_some(three);
                              r.put_back(std::string("012"));
                              count += co_await r.read_some(two);
                              r.put_back("ab");
                              co_return http::response::text(std::to_string(count) + " " + co_await r.body() +
                                                             co_await r.body());
                          }),
                EndsWith("5 ab23456789"));
}

TEST(request_put_back, gives_them_to_this_request_alone) {
    const std::string heard =
        answer_to(post("", "abc") + post("", "xyz"), [](http::request& r) -> task<http::response> {
            std::string body = co_await r.body();
            r.put_back("left over");
            co_return http::response::text("[" + body + "]");
        });
    EXPECT_THAT(heard, testing::AllOf(HasSubstr("[abc]"), EndsWith("[xyz]")));
}

TEST(request_any_form, has_the_fields_of_either_kind) {
    EXPECT_THAT(answer_to(post(urlencoded, "a=1&b=2"), tell_any), EndsWith("\r\na=1&b=2"));
    const std::string body = part("name=a", "1") + part("name=b", "") + part("name=c; filename=\"\"", "") + "--b--\r\n";
    EXPECT_THAT(answer_to(post(multipart, body), tell_any), EndsWith("\r\na=1&b=&c="));
    EXPECT_THAT(answer_to(post("text/plain", "a=1"), tell_any), StartsWith("HTTP/1.1 415 "));
}

TEST(request_any_form, takes_no_files_and_no_multitude) {
    EXPECT_THAT(answer_to(post(multipart, part("name=a; filename=b", "1") + "--b--\r\n"), tell_any),
                testing::AllOf(StartsWith("HTTP/1.1 422 "), HasSubstr("a: takes no file")));
    EXPECT_THAT(answer_to(post(multipart, part("name=a", "\xff") + "--b--\r\n"), tell_any),
                StartsWith("HTTP/1.1 400 "));
    std::string many;
    for (int i = 0; i < 1001; ++i) many += part("name=a", "");
    EXPECT_THAT(answer_to(post(multipart, many + "--b--\r\n"), tell_any), StartsWith("HTTP/1.1 413 "));
}

}  // namespace
