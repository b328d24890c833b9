// SPDX-License-Identifier: Apache-2.0
// Our server behind nginx as a reverse proxy, and our client in front of it.
#include "net/nginx.hpp"

#include <fcntl.h>

using namespace weft_test;
using testing::HasSubstr;

namespace {

/// A server of ours, and nginx before it.
class behind_nginx {
public:
    using handler = std::function<weft::task<>(weft::stream)>;

    /// @param more  what its location has besides
    weft::task<> begin(bool on_unix_socket, handler serve, std::string more = {}, std::string upstream = {}) {
        std::string at;
        const auto counted = [this, serve](weft::stream s) -> weft::task<> {
            ++connections;
            return serve(std::move(s));
        };
        if (on_unix_socket) {
            ours.emplace(co_await weft::start_unix_server(counted, front / "ours.sock"));
            at = "unix:" + front / "ours.sock";
        } else {
            ours.emplace(co_await weft::start_server(counted, "127.0.0.1", 0));
            at = "127.0.0.1:" + std::to_string(ours->port());
        }
        const std::uint16_t port = front.listen();
        front.start("upstream ours { server " + at + "; " + upstream + " }\nserver { listen 127.0.0.1:" +
                    std::to_string(port) + ";\nlocation / { proxy_pass http://ours; " + more + "} }");
        visitor = co_await weft::open_connection("127.0.0.1", port);
    }

    nginx front;
    std::optional<weft::server> ours;
    weft::stream visitor;
    int connections = 0;
};

/// Says what was asked, as long as it is asked.
weft::task<> tell_what_was_asked(weft::stream s) {
    while (const auto request = co_await read_http(s)) {
        co_await s.write(http_reply(request->first_line + ", " + std::to_string(request->body.size()) + " bytes"));
        if (request->first_line.ends_with("HTTP/1.0")) break;
    }
    co_await s.close();
}

TEST(nginx_as_a_proxy, brings_each_request_by_a_connection_of_its_own) {
    run_with_nginx([]() -> weft::task<> {
        for (const bool on_unix_socket : {false, true}) {
            behind_nginx all;
            co_await all.begin(on_unix_socket, tell_what_was_asked);
            for (int i = 1; i <= 5; ++i) {
                const auto reply = co_await get_page(all.visitor, "/" + std::to_string(i));
                EXPECT_EQ(reply.body, "GET /" + std::to_string(i) + " HTTP/1.0, 0 bytes");
                EXPECT_EQ(all.connections, i);
            }
        }
    });
}

TEST(nginx_as_a_proxy, brings_all_requests_by_one_connection_if_it_is_to_keep_it) {
    run_with_nginx([]() -> weft::task<> {
        for (const bool on_unix_socket : {false, true}) {
            behind_nginx all;
            co_await all.begin(on_unix_socket, tell_what_was_asked,
                               "proxy_http_version 1.1; proxy_set_header Connection \"\";", "keepalive 2;");
            for (int i = 1; i <= 20; ++i) {
                const auto reply = co_await get_page(all.visitor, "/" + std::to_string(i));
                EXPECT_EQ(reply.body, "GET /" + std::to_string(i) + " HTTP/1.1, 0 bytes");
            }
            EXPECT_EQ(all.connections, 1);
        }
    });
}

TEST(nginx_as_a_proxy, carries_large_files_both_ways) {
    run_with_nginx([]() -> weft::task<> {
        for (const bool on_unix_socket : {false, true}) {
            behind_nginx all;
            const std::string text = varied_text(3'000'001);
            const std::string file = all.front.write("ours.txt", text);
            const auto send_back = [file, &text](weft::stream s) -> weft::task<> {
                const auto request = co_await read_http(s);
                EXPECT_TRUE(request->body == text);
                co_await s.write("HTTP/1.1 200 OK\r\nContent-Length: 3000001\r\n\r\n");
                const weft::unique_fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
                EXPECT_EQ(co_await s.send_file(fd.get()), 3'000'001u);
                co_await s.close();
            };
            co_await all.begin(on_unix_socket, send_back, "proxy_buffering off; proxy_request_buffering off;");
            co_await all.visitor.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000001\r\n\r\n");
            const weft::unique_fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
            co_await all.visitor.send_file(fd.get());
            const auto reply = co_await read_http(all.visitor);
            EXPECT_TRUE(reply->body == text);
        }
    });
}

TEST(nginx_as_a_proxy, whose_visitor_goes_away_lets_the_server_know) {
    run_with_nginx([]() -> weft::task<> {
        for (const bool on_unix_socket : {false, true}) {
            weft::future<std::string> told;
            const auto send_forever = [&told](weft::stream s) -> weft::task<> {
                try {
                    co_await read_http(s);
                    co_await s.write("HTTP/1.1 200 OK\r\n\r\n");
                    for (;;) co_await s.write(std::string(65536, 'x'));
                } catch (const std::system_error& e) {
                    EXPECT_TRUE(e.code() == std::errc::broken_pipe || e.code() == std::errc::connection_reset);
                    told.set_result(e.what());
                }
            };
            behind_nginx all;
            co_await all.begin(on_unix_socket, send_forever, "proxy_buffering off;");
            co_await all.visitor.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            EXPECT_EQ(co_await all.visitor.read_line(), "HTTP/1.1 200 OK");
            all.visitor.abort();
            EXPECT_THAT(co_await told, HasSubstr("write to "));
        }
    });
}

TEST(nginx_as_a_proxy, says_bad_gateway_when_the_server_has_closed_or_says_nothing) {
    run_with_nginx([]() -> weft::task<> {
        for (const bool on_unix_socket : {false, true}) {
            behind_nginx all;
            const auto hang_up = [](weft::stream s) -> weft::task<> { co_await s.close(); };
            co_await all.begin(on_unix_socket, hang_up);
            EXPECT_EQ((co_await get_page(all.visitor, "/")).first_line, "HTTP/1.1 502 Bad Gateway");
            EXPECT_EQ(all.connections, 1);
            all.ours->close();
            co_await all.ours->wait_closed();
            EXPECT_EQ((co_await get_page(all.visitor, "/")).first_line, "HTTP/1.1 502 Bad Gateway");
            EXPECT_EQ(all.connections, 1);
        }
    });
}

}  // namespace
