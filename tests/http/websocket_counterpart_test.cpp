// SPDX-License-Identifier: Apache-2.0
// WebSockets with others, on either side: Python's websockets and node's ws, messages compressed.
#include "http/websocket/websocket_deflate.hpp"
#include "http/websocket_session.hpp"
#include "tls/child.hpp"

#include <weft/http/server.hpp>

#include <cstdlib>
#include <fstream>

using namespace weft_test;

namespace {

/// Echoes, and says on which port.
const std::string python_server = R"(
import asyncio, websockets
async def echo(ws):
    async for message in ws:
        await ws.send(message)
async def main():
    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())
)";

/// Has what it says echoed, and then says how it went.
const std::string python_client = R"(
import asyncio, sys, websockets
async def main():
    async with websockets.connect(f"ws://127.0.0.1:{sys.argv[1]}/", max_size=None) as ws:
        print([e.name for e in getattr(ws, "extensions", None) or ws.protocol.extensions], flush=True)
        for size in (0, 1, 125, 126, 5000, 70000, 500000):
            await ws.send("\u20ac" * size)
            assert await ws.recv() == "\u20ac" * size
            await ws.send(bytes(size))
            assert await ws.recv() == bytes(size)
        await ws.send(["in ", "several ", "fragments"])
        assert await ws.recv() == "in several fragments"
        await (await ws.ping())
    print("closed with", ws.close_code, flush=True)
asyncio.run(main())
)";

const std::string node_server = R"(
const { WebSocketServer } = require('ws')
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } })
server.on('connection', ws => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })))
server.on('listening', () => console.log(server.address().port))
)";

const std::string node_client = R"(
const WebSocket = require('ws')
const ws = new WebSocket(`ws://127.0.0.1:${process.argv[2]}/`, { perMessageDeflate: { threshold: 0 } })
const sizes = [0, 1, 125, 126, 5000, 70000, 500000]
let at = 0
ws.on('open', () => { console.log(ws.extensions.split(';')[0]); ws.send('x'.repeat(sizes[0])) })
ws.on('message', data => {
  if (data.toString() !== 'x'.repeat(sizes[at])) process.exit(1)
  if (++at < sizes.length) return ws.send('x'.repeat(sizes[at]))
  ws.ping('there?')
})
ws.on('pong', () => ws.close(4000, 'enough'))
ws.on('close', code => console.log('closed with', code))
)";

/// A way to run such programs; `command` is empty where there is none.
struct runtime {
    std::string name, command, ending;
};

std::string first_that_works(std::initializer_list<const char*> commands, const char* trial) {
    for (const char* command : commands) {
        if (std::system((std::string(command) + " " + trial + " >/dev/null 2>&1").c_str()) == 0) return command;
    }
    return {};
}

const runtime& python() {
    static const runtime found{"Python's websockets",
                               first_that_works({"python3", "/usr/bin/python3"}, "-c 'import websockets'"), ".py"};
    return found;
}
const runtime& node() {
    static const runtime found{
        "node's ws",
        first_that_works({"node", "NODE_PATH=/usr/share/nodejs node", "NODE_PATH=/usr/share/nodejs nodejs"},
                         "-e 'require(\"ws\")'"),
        ".cjs"};
    return found;
}

#define SKIP_WITHOUT(runtime)                                                                                          \
    if ((runtime).command.empty()) GTEST_SKIP() << (runtime).name << " is not installed"

/// A program in a file.
class program {
public:
    program(const runtime& r, const std::string& text)
        : path_(::testing::TempDir() + "websocket_" + std::to_string(::getpid()) + r.ending) {
        std::ofstream(path_) << text;
        command_ = r.command + " " + path_;
        if (r.command.starts_with("NODE_PATH")) command_ = "env " + command_;
    }
    ~program() { std::remove(path_.c_str()); }
    const std::string& command() const { return command_; }

private:
    std::string path_, command_;
};

weft::task<> echo(http::websocket ws) {
    while (auto message = co_await ws.receive()) {
        message->is_text ? co_await ws.send_text(message->data) : co_await ws.send_binary(message->data);
    }
}

weft::task<> is_visited_by(const runtime& r, const std::string& client, bool keeps_context, std::string closed_with) {
    const program p(r, client);
    http::websocket_options options{.message_bytes = 2 << 20};
    options.compression.keep_context = keeps_context;
    options.compression.window_bits = keeps_context ? 12 : 15;
    http::server server(
        [&](http::request& request) -> weft::task<http::response> {
            co_return http::accept_websocket(request, echo, options);
        },
        {.port = 0});
    co_await server.start();
    child visitor(p.command() + " " + std::to_string(server.port()));
    const auto all = co_await visitor.end();
    EXPECT_TRUE(all.text.contains("permessage-deflate") == http::has_deflate) << all.text;
    EXPECT_TRUE(all.text.contains("closed with " + closed_with)) << all.text;
    EXPECT_EQ(all.status, 0) << all.text;
    server.close();
    co_await server.wait_closed();
}

weft::task<> visits(const runtime& r, const std::string& server, bool keeps_context) {
    const program p(r, server);
    child echoing(p.command());
    const std::string port = co_await echoing.line();
    http::websocket_connect_options options{.websocket = {.message_bytes = 2 << 20}};
    options.websocket.compression.keep_context = keeps_context;
    options.websocket.compression.window_bits = keeps_context ? 12 : 15;
    auto ws = co_await http::connect_websocket("ws://127.0.0.1:" + port + "/", options);
    EXPECT_EQ(ws.is_compressed(), http::has_deflate);
    std::string text = "grüße";
    for (int i = 0; i < 16; ++i) {
        co_await ws.send_text(text);
        EXPECT_EQ(co_await text_of(ws), text);
        co_await ws.send_binary(text);
        const auto message = co_await ws.receive();
        EXPECT_TRUE(message && !message->is_text && message->data == text) << text.size();
        text += text;
    }
    co_await ws.close(4000, "enough");
    EXPECT_EQ(ws.close_code(), 4000);
}

TEST(python_websockets, visits_our_server) {
    SKIP_WITHOUT(python());
    run([]() -> weft::task<> {
        co_await is_visited_by(python(), python_client, false, "1000");
        co_await is_visited_by(python(), python_client, true, "1000");
    });
}

TEST(python_websockets, is_visited_by_our_client) {
    SKIP_WITHOUT(python());
    run([]() -> weft::task<> {
        co_await visits(python(), python_server, false);
        co_await visits(python(), python_server, true);
    });
}

TEST(node_ws, visits_our_server) {
    SKIP_WITHOUT(node());
    run([]() -> weft::task<> {
        co_await is_visited_by(node(), node_client, false, "4000");
        co_await is_visited_by(node(), node_client, true, "4000");
    });
}

TEST(node_ws, is_visited_by_our_client) {
    SKIP_WITHOUT(node());
    run([]() -> weft::task<> {
        co_await visits(node(), node_server, false);
        co_await visits(node(), node_server, true);
    });
}

}  // namespace
