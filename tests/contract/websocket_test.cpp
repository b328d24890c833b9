// SPDX-License-Identifier: Apache-2.0
// The public surface of WebSockets as a program outside would write it: both ends, and a room of them.
#include <weft/http/room.hpp>
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/http/websocket.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http = weft::http;
using namespace std::chrono_literals;

namespace {

weft::task<> echo(http::websocket ws) {
    while (auto message = co_await ws.receive()) {
        if (message->is_text) {
            co_await ws.send_text(message->data + "!");
        } else {
            co_await ws.send_binary(message->data);
        }
    }
    EXPECT_EQ(ws.close_code(), http::close_code::normal);
    EXPECT_EQ(ws.close_reason(), "bye");
}

weft::task<> talks() {
    http::router routes;
    routes.get("/echo", [](http::request& r) -> weft::task<http::response> {
        co_return http::accept_websocket(r, echo, {.subprotocols = {"b", "a"}, .message_bytes = 1000});
    });
    http::server server(std::move(routes), {.port = 0});
    co_await server.start();
    const std::string url = "ws://127.0.0.1:" + std::to_string(server.port());
    const http::websocket_connect_options options{.websocket = {.subprotocols = {"a"}, .ping_interval = 1s},
                                                  .timeout = 5s};
    http::websocket ws = co_await http::connect_websocket(url + "/echo", options);
    EXPECT_TRUE(ws.is_open());
    EXPECT_EQ(ws.subprotocol(), "a");
    EXPECT_EQ(ws.peer().port, server.port());

    const std::string text = "text";
    const std::array bytes{std::byte{0}, std::byte{255}};
    co_await ws.send_text("literal");
    co_await ws.send_text(std::string_view(text).substr(1));
    co_await ws.send_text(text + "s");
    co_await ws.send_binary(bytes);
    co_await ws.send_binary("binary");
    co_await ws.ping();
    std::vector<std::string> heard;
    for (int i = 0; i < 5; ++i) {
        if (auto message = co_await ws.receive()) heard.push_back(message->data);
    }
    EXPECT_EQ(heard, (std::vector<std::string>{"literal!", "ext!", "texts!", std::string("\0\xFF", 2), "binary"}));
    EXPECT_THROW(co_await weft::wait_for(ws.receive(), 1ms), weft::timeout_error);
    EXPECT_THROW((void)ws.send_text("\xFF"), std::invalid_argument);
    co_await ws.close(http::close_code::normal, "bye");
    EXPECT_EQ(ws.close_code(), 1000);
    EXPECT_EQ(co_await ws.receive(), std::nullopt);
    EXPECT_THROW(co_await ws.send_text("late"), http::websocket_error);

    http::websocket other = co_await http::connect_websocket(url + "/echo");
    co_await other.send_text(std::string(2000, 'x'));
    try {
        co_await other.receive();
    } catch (const http::websocket_error& e) {
        ADD_FAILURE() << e.what();  // the server has said why: that is a close like any
    }
    EXPECT_EQ(other.close_code(), http::close_code::too_big);
    try {
        co_await http::connect_websocket(url + "/nowhere");
        ADD_FAILURE();
    } catch (const http::http_error& e) {
        EXPECT_EQ(e.status(), http::status::not_found);
    }
    server.close();
    co_await server.wait_closed();
}

TEST(contract, websockets) { weft::testing::run(talks()); }

weft::task<> gathers() {
    http::room lobby({.outbox_messages = 8, .when_full = http::room_options::policy::drop_oldest});
    std::vector<http::websocket> guests, seats;
    std::vector<http::room::member> members;
    for (int i = 0; i < 3; ++i) {
        auto [guest, seat] = weft::testing::memory_stream_pair();
        guests.emplace_back(std::move(guest), http::websocket_role::client);
        seats.emplace_back(std::move(seat), http::websocket_role::server, http::websocket_options{.ping_interval = {}});
        members.push_back(lobby.join(seats.back()));
    }
    EXPECT_EQ(lobby.size(), 3u);
    const std::array bytes{std::byte{'b'}};
    lobby.send_text("all");
    lobby.send_text("others", &members[0]);
    lobby.send_binary(bytes);
    lobby.send_binary("text as bytes", &members[1]);
    std::vector<std::string> heard(3);
    for (std::size_t i = 0; i < 3; ++i) {
        for (int n = 0; n < (i == 2 ? 4 : 3); ++n) {
            if (auto message = co_await guests[i].receive())
                heard[i] += message->data + (message->is_text ? ", " : "; ");
        }
        EXPECT_EQ(members[i].missed(), 0u);
    }
    EXPECT_EQ(heard, (std::vector<std::string>{"all, b; text as bytes; ", "all, others, b; ",
                                               "all, others, b; text as bytes; "}));
    members.pop_back();
    EXPECT_EQ(lobby.size(), 2u);
}

TEST(contract, rooms) { weft::testing::run(gathers()); }

}  // namespace
