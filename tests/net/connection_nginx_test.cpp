// SPDX-License-Identifier: Apache-2.0
// Our client, and nginx as the server.
#include "net/nginx.hpp"

using namespace weft_test;

namespace {

/// On a port, and on the Unix socket "n.sock".
std::string server_block(std::uint16_t port, const std::string& path, const std::string& more) {
    return "server {\nlisten 127.0.0.1:" + std::to_string(port) + ";\nlisten unix:" + path + ";\n" + more + "\n}";
}

/// A server in both places, and a connection to each.
struct both_ways {
    explicit both_ways(const std::string& more) : port(server.listen()), path(server.listen_unix("n.sock")) {
        server.start(server_block(port, path, more));
    }
    weft::task<std::vector<weft::stream>> connect() {
        std::vector<weft::stream> all;
        all.push_back(co_await weft::open_connection("127.0.0.1", port));
        all.push_back(co_await weft::open_unix_connection(path));
        co_return all;
    }
    nginx server;
    std::uint16_t port;
    std::string path;
};

TEST(nginx_as_a_server, answers_many_requests_of_one_connection) {
    run_with_nginx([]() -> weft::task<> {
        both_ways there("location / { return 200 \"$connection_requests $request_uri\"; }");
        for (weft::stream& s : co_await there.connect()) {
            for (int i = 1; i <= 20; ++i) {
                const auto reply = co_await get_page(s, "/page" + std::to_string(i));
                EXPECT_EQ(reply.first_line, "HTTP/1.1 200 OK");
                EXPECT_EQ(reply.body, std::to_string(i) + " /page" + std::to_string(i));
            }
            co_await s.close();
        }
    });
}

TEST(nginx_as_a_server, answers_in_order_what_was_asked_at_once_and_ends_after_the_last) {
    run_with_nginx([]() -> weft::task<> {
        both_ways there("location / { return 200 \"$request_uri\"; }");
        for (weft::stream& s : co_await there.connect()) {
            co_await s.write("GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
                             "GET /two HTTP/1.1\r\nHost: a\r\n\r\n"
                             "GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            for (const char* path : {"/one", "/two", "/three"}) {
                const auto reply = co_await read_http(s);
                EXPECT_EQ(reply->body, path);
            }
            EXPECT_FALSE(co_await read_http(s));
        }
    });
}

TEST(nginx_as_a_server, sends_a_large_file_by_sendfile_whole) {
    run_with_nginx([]() -> weft::task<> {
        both_ways there("location / { }");
        const std::string file = varied_text(5'000'003);
        there.server.write("large.txt", file);
        for (weft::stream& s : co_await there.connect()) {
            EXPECT_TRUE((co_await get_page(s, "/large.txt")).body == file);
            co_await s.write("GET /large.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=4000000-\r\n\r\n");
            const auto part = co_await read_http(s);
            EXPECT_EQ(part->first_line, "HTTP/1.1 206 Partial Content");
            EXPECT_TRUE(part->body == file.substr(4'000'000));
        }
    });
}

TEST(nginx_as_a_server, that_must_wait_for_a_slow_reader_loses_nothing) {
    run_with_nginx([]() -> weft::task<> {
        both_ways there("location / { }");
        const std::string file = varied_text(2'000'003);
        there.server.write("large.txt", file);
        for (weft::stream& s : co_await there.connect()) {
            co_await s.write("GET /large.txt HTTP/1.0\r\n\r\n");
            while (!(co_await s.read_line()).value_or("").empty()) {
            }
            std::string got;
            while (const weft::chunk part = co_await s.read_chunk()) {
                got += part.text();
                for (int turns = 0; turns < 10; ++turns) co_await weft::yield_now();
            }
            EXPECT_TRUE(got == file);
        }
    });
}

TEST(nginx_as_a_server, that_goes_away_in_mid_reply_is_noticed) {
    run_with_nginx([]() -> weft::task<> {
        auto there = std::make_unique<both_ways>("location / { limit_rate 100k; }");
        there->server.write("large.txt", std::string(3'000'000, 'x'));
        auto streams = co_await there->connect();
        for (weft::stream& s : streams) co_await s.write("GET /large.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        for (weft::stream& s : streams) EXPECT_EQ(co_await s.read_line(), "HTTP/1.1 200 OK");
        there.reset();
        for (weft::stream& s : streams) {
            try {
                EXPECT_LT((co_await s.read_all()).size(), 3'000'000u);
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::connection_reset);
            }
        }
    });
}

}  // namespace
