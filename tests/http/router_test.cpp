// SPDX-License-Identifier: Apache-2.0
#include <weft/http/router.hpp>

#include "http/talk.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <utility>
#include <vector>

using namespace weft_test;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

/// A handler that answers with a word, the route, and what its parameters stand for.
http::handler says(std::string word, std::vector<std::string> parameters = {}) {
    return [word, parameters](http::request& r) -> task<http::response> {
        std::string text = word;
        for (const std::string& name : parameters) text.append(" ").append(name).append("=").append(r.parameter(name));
        co_return http::response::text(text);
    };
}

/// What is answered, the status line and the body: "200 word".
std::string ask(http::router routes, std::vector<std::string> requests) {
    std::string answers;
    weft::testing::run([](http::router all, std::vector<std::string> asked, std::string& out) -> task<> {
        http::server server(std::move(all));
        conversation c(server);
        for (const std::string& each : asked) {
            const std::string heard = co_await c.ask(each + " HTTP/1.1\r\nHost: a\r\n\r\n");
            out += (out.empty() ? "" : "; ") + heard.substr(9, 3) + " " + heard.substr(heard.find("\r\n\r\n") + 4);
        }
    }(std::move(routes), std::move(requests), answers));
    return answers;
}

TEST(router, finds_the_most_definite_route_whatever_the_order_they_came_in) {
    http::router routes;
    routes.get("/files/{rest:path}", says("rest", {"rest"}));
    routes.get("/files/{name}", says("name", {"name"}));
    routes.get("/files/{id:int}", says("id", {"id"}));
    routes.get("/files/new", says("new"));
    EXPECT_EQ(ask(std::move(routes), {"GET /files/new", "GET /files/17", "GET /files/-3", "GET /files/a17",
                                      "GET /files/a/b", "GET /files/"}),
              "200 new; 200 id id=17; 200 id id=-3; 200 name name=a17; 200 rest rest=a/b; 200 rest rest=");
}

TEST(router, goes_back_where_a_definite_beginning_leads_nowhere) {
    http::router routes;
    routes.get("/a/b/c", says("literal"));
    routes.get("/{x}/b/d", says("any", {"x"}));
    routes.get("/{all:path}", says("all", {"all"}));
    EXPECT_EQ(ask(std::move(routes), {"GET /a/b/c", "GET /a/b/d", "GET /a/b/e"}),
              "200 literal; 200 any x=a; 200 all all=a/b/e");
}

TEST(router, takes_paths_decoded_and_a_slash_at_the_end_for_another_path) {
    http::router routes;
    routes.get("/caf\xc3\xa9", says("coffee"));
    routes.get("/a/", says("folder"));
    EXPECT_THAT(ask(std::move(routes), {"GET /caf%C3%A9", "GET /a/", "GET /x/../a/", "GET /a"}),
                StartsWith("200 coffee; 200 folder; 200 folder; 404 "));
}

TEST(router, says_which_methods_there_are) {
    http::router routes;
    routes.get("/x", says("got"));
    routes.put("/x", says("put"));
    weft::testing::run([](http::router all) -> task<> {
        http::server server(std::move(all));
        conversation c(server);
        EXPECT_THAT(co_await c.ask("POST /x HTTP/1.1\r\nHost: a\r\n\r\n"),
                    AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD, PUT, OPTIONS\r\n")));
        EXPECT_THAT(co_await c.ask("OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n"),
                    AllOf(StartsWith("HTTP/1.1 204 "), HasSubstr("Allow: GET, HEAD, PUT, OPTIONS\r\n")));
        EXPECT_THAT(co_await c.ask("OPTIONS /y HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
    }(std::move(routes)));
}

TEST(router, gives_parameters_as_numbers_that_fit) {
    http::router routes;
    routes.get("/{id:int}", [](http::request& r) -> task<http::response> {
        co_return http::response::text(std::to_string(r.parameter<std::uint8_t>("id") + 1));
    });
    EXPECT_THAT(ask(std::move(routes), {"GET /254", "GET /256", "GET /-1", "GET /99999999999999999999"}),
                AllOf(StartsWith("200 255; 404 "), testing::Not(HasSubstr("; 200"))));
}

TEST(router, mounts_another_one_with_what_stands_around_it) {
    const auto marks = [](std::string mark) {
        return [mark](http::request& r, http::next rest) -> task<http::response> {
            http::response answer = co_await rest(r);
            answer.set_body(mark + *answer.body() + mark);
            co_return answer;
        };
    };
    http::router inner, middle, outer;
    inner.get("/{x}", says("inner", {"x"}), {.name = "leaf"});
    inner.use(marks("1"));
    middle.mount("/m/", std::move(inner));
    middle.use(marks("2"));
    outer.mount("/o", std::move(middle));
    outer.get("/", says("outer"));
    outer.use(marks("3"));
    outer.use(marks("4"));
    EXPECT_EQ(outer.url_for("leaf", {{"x", "a b"}}), "/o/m/a%20b");
    EXPECT_EQ(ask(std::move(outer), {"GET /o/m/7", "GET /"}), "200 3421inner x=71243; 200 34outer43");
}

TEST(router, writes_the_path_of_a_named_route) {
    http::router routes;
    routes.get("/u/{id:int}/f/{rest:path}", says("x"), {.name = "file"});
    EXPECT_EQ(routes.url_for("file", {{"id", "7"}, {"rest", "a b/\xc3\xa9?.txt"}}), "/u/7/f/a%20b/%C3%A9%3F.txt");
    EXPECT_THROW(routes.url_for("none"), std::out_of_range);
    EXPECT_THROW(routes.url_for("file", {{"id", "7"}}), std::invalid_argument);
    EXPECT_THROW(routes.url_for("file", {{"id", "seven"}, {"rest", ""}}), std::invalid_argument);
}

TEST(router, writes_no_path_that_is_anothers) {
    http::router routes;
    routes.get("/u/{id}/{rest:path}", says("x"), {.name = "file"});
    EXPECT_EQ(routes.url_for("file", {{"id", "..."}, {"rest", ".a/b.."}}), "/u/.../.a/b..");
    for (const char* wrong : {"..", ".", "a\\b", "a\nb", "\xff"}) {
        EXPECT_THROW(routes.url_for("file", {{"id", wrong}, {"rest", "a"}}), std::invalid_argument) << wrong;
        EXPECT_THROW(routes.url_for("file", {{"id", "a"}, {"rest", std::string("b/") + wrong}}), std::invalid_argument)
            << wrong;
    }
}

TEST(router, refuses_routes_that_make_no_sense) {
    http::router routes;
    routes.get("/a/{x}", says("x"));
    for (const char* bad : {"", "a", "/{", "/{x", "/a{x}", "/{x:float}", "/{}", "/{a}/{a}", "/{r:path}/x", "/{a-b}",
                            "/:id", "/u/<int:id>/f"}) {
        EXPECT_THROW(routes.get(bad, says("x")), std::invalid_argument) << bad;
    }
    EXPECT_THROW(routes.get("/a/{x}", says("again")), std::invalid_argument);
    EXPECT_THROW(routes.get("/a/{y}", says("by another name")), std::invalid_argument);
    EXPECT_THROW(routes.post("/p", nullptr), std::invalid_argument);
    routes.post("/p", says("x"), {.name = "n"});
    EXPECT_THROW(routes.post("/q", says("x"), {.name = "n"}), std::invalid_argument);
}

}  // namespace
