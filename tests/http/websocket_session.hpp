// SPDX-License-Identifier: Apache-2.0
// A WebSocket in memory, and what is on the other side: another one, or a test that writes its frames by hand.
#pragma once

#include "http/websocket_frames.hpp"

#include <weft/base/errors.hpp>
#include <weft/flow/gather.hpp>
#include <weft/flow/move_on_after.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/flow/wait_for.hpp>
#include <weft/http/websocket.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/memory_stream_pair.hpp>
#include <weft/testing/run.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace weft_test {

namespace http = weft::http;

template <class F>
void run(F body) {
    weft::testing::run(body());
}

inline std::pair<http::websocket, http::websocket> websocket_pair(const http::websocket_options& options = {}) {
    auto [client, server] = weft::testing::memory_stream_pair();
    return {http::websocket(std::move(client), http::websocket_role::client, options),
            http::websocket(std::move(server), http::websocket_role::server, options)};
}

/// A server's WebSocket, and the stream of a client that is the test itself.
struct with_bare_client {
    explicit with_bare_client(const http::websocket_options& options = {},
                              const weft::testing::memory_stream_options& sizes = {})
        : with_bare_client(weft::testing::memory_stream_pair(sizes), options) {}
    with_bare_client(std::pair<weft::stream, weft::stream> both, const http::websocket_options& options)
        : peer(std::move(both.first)), ws(std::move(both.second), http::websocket_role::server, options) {}
    weft::stream peer;
    http::websocket ws;
};

/// A frame that a server has sent: its first byte and its payload; empty at the end.
inline weft::task<std::pair<unsigned, std::string>> read_frame(weft::stream& s) {
    const std::string head = co_await s.read_exactly(2);
    std::size_t size = static_cast<unsigned char>(head[1]);
    EXPECT_LT(size, 128u) << "a server's frames are not masked";
    if (size >= 126) {
        const std::string more = co_await s.read_exactly(size == 126 ? 2 : 8);
        size = 0;
        for (const char c : more) size = size << 8 | static_cast<unsigned char>(c);
    }
    std::string payload;
    if (size > 0) payload = co_await s.read_exactly(size);
    co_return std::pair(static_cast<unsigned>(static_cast<unsigned char>(head[0])), std::move(payload));
}

inline weft::task<std::string> text_of(http::websocket& ws) {
    const auto message = co_await ws.receive();
    co_return message ? message->data : "(end)";
}

/// How a receive() fails: "1002 …", or what a std::system_error of the system's has for a code.
inline weft::task<std::string> failure_of(http::websocket& ws) {
    try {
        while (co_await ws.receive()) {
        }
        co_return "(none)";
    } catch (const http::websocket_error& e) {
        co_return std::to_string(e.close_code());
    } catch (const std::system_error& e) {
        co_return e.code().message();
    }
}

inline auto since(weft::clock::time_point began) {
    return std::chrono::duration_cast<std::chrono::seconds>(weft::get_running_loop().time() - began).count();
}

}  // namespace weft_test
