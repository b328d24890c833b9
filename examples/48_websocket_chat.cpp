// SPDX-License-Identifier: Apache-2.0
// A chat over WebSockets: what one says, all the others hear. The server's part is join(); the guests connect as any
// browser would. A guest who takes what he hears too slowly is dropped by the room, and nobody waits for him.
//
//     async def join(ws):
//         lobby.add(ws)
//         try:
//             async for message in ws:
//                 websockets.broadcast(lobby, message)
//         finally:
//             lobby.remove(ws)
#include <weft/http/room.hpp>
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/http/websocket.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <string>

namespace http = weft::http;

weft::task<> join(http::room& lobby, std::string name, http::websocket ws) {
    const auto place = lobby.join(ws);
    co_await ws.send_text("welcome, " + name);
    lobby.send_text(name + " joined", &place);
    while (auto message = co_await ws.receive()) lobby.send_text(name + ": " + message->data, &place);
    lobby.send_text(name + " left", &place);
}

http::router chat(http::room& lobby) {
    http::router routes;
    routes.get("/chat/{name}", [&lobby](http::request& r) -> weft::task<http::response> {
        const std::string name(r.parameter("name"));
        co_return http::accept_websocket(
            r, [&lobby, name](http::websocket ws) { return join(lobby, name, std::move(ws)); },
            {.message_bytes = 4096});
    });
    return routes;
}

struct guest {
    std::string name;
    http::websocket ws;

    weft::task<> hears() {
        const auto message = co_await ws.receive();
        std::printf("%s hears \"%s\"\n", name.c_str(), message ? message->data.c_str() : "nothing");
    }
};

weft::task<guest> visit(const http::server& server, std::string name) {
    const std::string url = "ws://127.0.0.1:" + std::to_string(server.port()) + "/chat/" + name;
    guest g{name, co_await http::connect_websocket(url)};
    co_await g.hears();
    co_return g;
}

weft::task<> main_task() {
    http::room lobby;
    http::server server(chat(lobby), {.port = 0});
    co_await server.start();
    auto ann = co_await visit(server, "ann");
    auto bob = co_await visit(server, "bob");
    co_await ann.hears();
    co_await bob.ws.send_text("hi ann");
    co_await ann.hears();
    co_await ann.ws.send_text("grüß dich, bob");
    co_await bob.hears();
    co_await bob.ws.close(http::close_code::going_away, "the bus is here");
    co_await ann.hears();
    std::printf("bob's close was answered with %d\n", *bob.ws.close_code());
    co_await ann.ws.close();
    server.close();
    co_await server.wait_closed();
}

int main() { weft::run(main_task()); }
