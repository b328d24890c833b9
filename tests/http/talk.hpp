// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/flow/sleep.hpp>
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/memory_stream_pair.hpp>
#include <weft/testing/run.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

// A server that is talked to byte by byte, without a socket and on the virtual clock.

namespace weft_test {

/// One connection to a server: what is said to it, and what it says.
class conversation {
public:
    explicit conversation(weft::http::server& server) : conversation(server, weft::testing::memory_stream_pair()) {}

    weft::task<> say(std::string_view bytes) { co_await client.write(bytes); }
    /// All that has come when nothing happens any more for a moment; without the Date lines.
    weft::task<std::string> hear() {
        co_await weft::sleep(std::chrono::milliseconds(1));
        std::string heard(client.buffered());
        client.consume(heard.size());
        for (std::size_t at; (at = heard.find("Date: ")) != std::string::npos;)
            heard.erase(at, heard.find("\r\n", at) + 2 - at);
        co_return heard;
    }
    weft::task<std::string> ask(std::string_view bytes) {
        co_await say(bytes);
        co_return co_await hear();
    }
    bool has_ended() const { return client.at_eof(); }

    weft::stream client;
    weft::task_handle<> served;

private:
    conversation(weft::http::server& server, std::pair<weft::stream, weft::stream> both)
        : client(std::move(both.first)), served(weft::create_task(server.serve_connection(std::move(both.second)))) {}
};

inline weft::task<weft::http::response> hello(weft::http::request&) { co_return weft::http::response::text("hello\n"); }
inline weft::task<weft::http::response> echo(weft::http::request& r) {
    co_return weft::http::response::text(co_await r.body());
}

inline constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/// What conversation::hear() gives of hello().
inline const std::string hello_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n\r\nhello\n";

/// Runs `body(server)` on the virtual clock.
template <class Body>
void with_server(weft::http::handler answers, weft::http::server_options options, Body body) {
    weft::testing::run([](weft::http::handler h, weft::http::server_options o, Body run) -> weft::task<> {
        weft::http::server server(std::move(h), std::move(o));
        co_await run(server);
    }(std::move(answers), std::move(options), std::move(body)));
}
template <class Body>
void with_server(weft::http::handler answers, Body body) {
    with_server(std::move(answers), {}, std::move(body));
}

}  // namespace weft_test
