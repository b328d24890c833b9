// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/recorder.hpp"
#include "net/name_server.hpp"

#include <weft/net/create_server.hpp>

#include <functional>
#include <memory>
#include <system_error>

namespace weft_test {

/// A client is connected to a server of protocols that write a diary, and has said something. Then `end` has the server end
/// its connections: they are lost without an error, and the server counts none.
/// @param is_reset  how the client sees it; else it finds the end
inline weft::task<> expect_that_connections_end(std::function<void(weft::server&)> end, bool is_reset) {
    diary log;
    auto server = co_await weft::create_server([&log] { return std::make_shared<recorder>(log); }, "127.0.0.1", 0);
    auto client = co_await weft::open_connection("127.0.0.1", server.port());
    co_await client.write("x");
    co_await settle();
    EXPECT_EQ(log.next(), "made x");
    end(server);
    if (is_reset) {
        EXPECT_THROW(co_await client.read(1), std::system_error);
    } else {
        EXPECT_EQ(co_await client.read_all(), "");
    }
    co_await settle();
    EXPECT_EQ(log.next(), "lost");
    EXPECT_EQ(server.connections(), 0u);
}

}  // namespace weft_test
