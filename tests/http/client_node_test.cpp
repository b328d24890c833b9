// SPDX-License-Identifier: Apache-2.0
// Our HTTP client, and a server of Node's.
#include <weft/http/client.hpp>

#include <weft/process/process.hpp>
#include <weft/weft.hpp>

#include <gmock/gmock.h>

#include <unistd.h>

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

/// Says its port, and ends when its input does.
constexpr const char* program = R"js(
const http = require('http'), zlib = require('zlib');
const answer = (request, response) => {
    const path = request.url;
    if (path === '/echo') {
        response.writeHead(200, {'X-Framing': request.headers['transfer-encoding'] || request.headers['content-length'] || 'none'});
        return request.pipe(response);
    }
    if (path === '/early') {
        response.writeEarlyHints({link: '</a.css>; rel=preload'});
        return response.end('early');
    }
    if (path === '/trailers') {
        response.writeHead(200, {Trailer: 'X-Sum'});
        response.write('abc');
        response.addTrailers({'X-Sum': '1'});
        return response.end();
    }
    if (path === '/deflate') {
        response.writeHead(200, {'Content-Encoding': 'deflate'});
        return response.end(zlib.deflateSync('x'.repeat(1000)));
    }
    if (path === '/close') { response.shouldKeepAlive = false; return response.end('bye'); }
    if (path === '/reset') { response.write('abc'); return setTimeout(() => request.socket.resetAndDestroy(), 20); }
    response.end(`${request.method} ${path} ${request.socket.remotePort}`);
};
const server = http.createServer(answer);
server.on('upgrade', (request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    socket.pipe(socket);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
)js";

/// Not within a template: GCC 14 dies of an internal error at a braced list in an expression that awaits there.
task<weft::process> start_node() {
    return weft::spawn_process({"node", "-e", program}, {.stdin_ = weft::pipe, .stdout_ = weft::pipe});
}

template <class Body>
void with_node(Body body) {
    if (::access("/usr/bin/node", X_OK) != 0) GTEST_SKIP() << "node is not installed";
    const auto run = [](Body b) -> task<> {
        weft::process node = co_await start_node();
        const std::optional<std::string> port = co_await node.stdout_.read_line();
        {
            http::client client({.base_url = "http://127.0.0.1:" + port.value_or("")});
            co_await b(client);
        }
        co_await node.stdin_.close();
        co_await node.wait();
    };
    weft::run(weft::wait_for(run(std::move(body)), 30s));
}

task<std::string> text_of(task<http::client_response> asked) {
    http::client_response r = co_await std::move(asked);
    co_return co_await r.text();
}

TEST(http_client_and_node, agree_on_bodies) {
    with_node([](http::client& c) -> task<> {
        http::client_response counted = co_await c.post("/echo", "hello");
        EXPECT_EQ(counted.header("X-Framing"), "5");
        EXPECT_EQ(co_await counted.text(), "hello");
        const auto writes = [](http::body_writer& to) -> task<> {
            for (int i = 0; i < 100; ++i) co_await to.write(std::string(1000, 'x'));
        };
        http::client_response chunked = co_await c.post("/echo", http::request_body::stream(writes));
        EXPECT_EQ(chunked.header("X-Framing"), "chunked");
        EXPECT_EQ((co_await chunked.text()).size(), 100000u);
        http::client_response waits = co_await c.post("/echo", "hello", {.expect_continue = true});
        EXPECT_EQ(co_await waits.text(), "hello");
        EXPECT_EQ(co_await text_of(c.get("/early")), "early");
        EXPECT_EQ(co_await text_of(c.get("/trailers")), "abc");
        EXPECT_EQ(c.connections(), 1u);
        EXPECT_EQ(co_await text_of(c.get("/close")), "bye");
        EXPECT_EQ(c.connections(), 0u);
#if WEFT_WITH_ZLIB
        EXPECT_EQ(co_await text_of(c.get("/deflate")), std::string(1000, 'x'));
#endif
    });
}

TEST(http_client_and_node, agree_on_methods_and_connections) {
    with_node([](http::client& c) -> task<> {
        const std::string first = co_await text_of(c.get("/a"));
        EXPECT_THAT(first, StartsWith("GET /a "));
        EXPECT_EQ(co_await text_of(c.get("/a")), first);
        EXPECT_THAT(co_await text_of(c.del("/a")), StartsWith("DELETE /a "));
        EXPECT_THAT(co_await text_of(c.options("/a")), StartsWith("OPTIONS /a "));
        EXPECT_EQ(co_await text_of(c.head("/a")), "");
        EXPECT_EQ(c.connections(), 1u);
    });
}

TEST(http_client_and_node, notice_a_reset) {
    with_node([](http::client& c) -> task<> { EXPECT_THROW(co_await text_of(c.get("/reset")), std::system_error); });
}

TEST(http_client_and_node, upgrade) {
    with_node([](http::client& c) -> task<> {
        http::client_response r = co_await c.get("/", {.headers = {{"Upgrade", "echo"}}});
        EXPECT_EQ(r.status(), http::status::switching_protocols);
        weft::stream s = r.take_stream();
        co_await s.write("hello");
        EXPECT_EQ(co_await s.read_exactly(5), "hello");
    });
}

}  // namespace
