// SPDX-License-Identifier: Apache-2.0
// Clients that send without end or take nothing: what a server holds of it is bounded, and others do not notice. And files
// that are not to be had, whichever way they are asked for.
#include <weft/http/server.hpp>

#include "http/talk.hpp"
#include "io/temporary_folder.hpp"

#include <weft/http/static_files.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::HasSubstr;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

/// Says the same again and again, until the connection is lost or so much was said.
task<> say_again(conversation& c, std::string_view first, std::string_view then, std::size_t most, std::size_t& said) {
    try {
        co_await c.say(first);
        for (said = first.size(); said < most; said += then.size()) co_await c.say(then);
    } catch (const std::system_error&) {
    }
}
task<> is_served(http::server& s) {
    conversation other(s);
    EXPECT_THAT(co_await other.ask(get), StartsWith("HTTP/1.1 200 "));
}

TEST(http_server, takes_no_more_requests_in_a_row_than_are_answered_and_read) {
    std::size_t asked = 0;
    const auto count = [&](http::request&) -> task<http::response> {
        ++asked;
        co_return http::response::text(std::string(1000, 'x'));
    };
    const http::server_options options{.limits = {.requests_per_connection = 1'000'000'000}};
    with_server(count, options, [&](http::server& s) -> task<> {
        conversation c(s);
        std::size_t said = 0;
        auto flood = weft::create_task(say_again(c, get, get, 1 << 30, said));
        co_await weft::sleep(10s);
        EXPECT_LT(said, 512u * 1024);
        EXPECT_LT(asked, 1000u);
        const std::size_t before = asked;
        co_await is_served(s);
        EXPECT_EQ(asked, before + 1);
        co_await weft::sleep(30s);
        EXPECT_EQ(s.connections(), 0u) << "the one that takes no answer is reset";
        co_await flood;
    });
}

TEST(http_server, takes_so_much_of_what_has_no_end) {
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n", chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    const struct {
        std::string first, then, answer;
    } rows[] = {
        {"GET /", std::string(1000, 'a'), "414"},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: ", std::string(1000, 'a'), "431"},
        {"GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n", "431"},
        {chunked + "1;", std::string(1000, 'a'), "400"},
        {chunked, "1;a=b\r\nx\r\n", "400"},
        {chunked, "1\r\nx\r\n", "413"},
        {chunked + "0\r\n", "X-Trailer: " + std::string(100, 'a') + "\r\n", "400"},
        {head + "Content-Length: 1048577\r\n\r\n", std::string(1000, 'a'), "413"},
    };
    for (const auto& row : rows) {
        with_server(echo, [&](http::server& s) -> task<> {
            conversation c(s);
            std::size_t said = 0;
            auto flood = weft::create_task(say_again(c, row.first, row.then, 32 << 20, said));
            EXPECT_THAT(co_await c.client.read_until("\r\n"), StartsWith("HTTP/1.1 " + row.answer)) << row.then;
            co_await is_served(s);
            co_await weft::sleep(5s);
            EXPECT_EQ(s.connections(), 0u) << row.then;
            co_await flood;
            EXPECT_LT(said, 12u << 20) << row.then;
        });
    }
}

/// Files of which one must not be had: it lies beside the folder that is served.
class guarded_files : public testing::Test {
protected:
    guarded_files() {
        std::filesystem::create_directories(folder_ / "site/sub/deep");
        std::ofstream(folder_ / "secret") << "the secret";
        std::ofstream(folder_ / "site/sub/file") << std::string(100'000, 'f');
    }
    http::router routes() const {
        http::router all;
        all.get("/{file:path}", http::static_files(folder_ / "site"));
        return all;
    }

private:
    temporary_folder folder_;
};

TEST_F(guarded_files, are_not_to_be_had_in_any_encoding) {
    const std::string_view dots[] = {"..",           "%2e%2e",     "%2E.",         ".%2e",  "%252e%252e",
                                     "%c0%ae%c0%ae", "%e0%80%ae.", "%uff0e%uff0e", "..%00", "..;",
                                     "...",          "..%20",      "%ef%bc%8e.",   ".%0d.", "..%c0%80"};
    const std::string_view slashes[] = {"/",     "//",     "/./",       "%2f",    "%2F",    "\\",    "%5c",
                                        "%252f", "%c0%af", "%e2%88%95", "%u2215", "%bg%qf", "%c1%9c"};
    const std::string_view beginnings[] = {"/", "/sub/", "/sub/deep/", "//", "/./", "http://a/", "/sub/file/"};
    with_server(routes(), [&](http::server& s) -> task<> {
        for (const std::string_view beginning : beginnings) {
            for (const std::string_view dot : dots) {
                for (const std::string_view slash : slashes) {
                    std::string path(beginning);
                    for (int depth = 0; depth < 4; ++depth) path.append(dot).append(slash);
                    conversation c(s);
                    co_await c.say("GET " + path + "secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                    const std::string answer = co_await c.client.read_all();
                    EXPECT_THAT(answer, StartsWith("HTTP/1.1 4")) << path;
                    EXPECT_FALSE(answer.contains("the secret")) << path;
                }
            }
        }
    });
}

TEST_F(guarded_files, are_not_made_more_by_ranges) {
    const auto many = [](std::size_t count, auto range) {
        std::string all = "bytes=";
        for (std::size_t i = 0; i < count; ++i) all += (i ? "," : "") + range(i);
        return all;
    };
    const auto same = [](std::size_t) -> std::string { return "0-"; };
    const auto growing = [](std::size_t i) { return "5-" + std::to_string(i + 5); };
    const auto apart = [](std::size_t i) { return std::to_string(3 * i) + "-" + std::to_string(3 * i); };
    const auto last = [](std::size_t i) { return "-" + std::to_string(i + 1); };
    with_server(routes(), [&](http::server& s) -> task<> {
        for (const std::string& ranges : {many(9, same), many(1300, growing), many(1000, apart), many(1000, last),
                                          many(9, apart), many(8, same), many(8, growing), many(8, last)}) {
            conversation c(s);
            co_await c.say("GET /sub/file HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: " + ranges + "\r\n\r\n");
            EXPECT_LE((co_await c.client.read_all()).size(), 101'000u) << ranges.substr(0, 100);
        }
    });
}

}  // namespace
