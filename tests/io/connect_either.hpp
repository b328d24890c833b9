// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/connected.hpp"

#include <weft/testing/memory_stream_pair.hpp>

#include <utility>

namespace weft_test {

/// Two streams that are connected: by sockets, which sendfile(2) sends to, or in memory, for which a file is read.
inline weft::task<connected> connect_either(bool by_socket) {
    if (by_socket) {
        connected ends = co_await connect_streams();
        co_return ends;
    }
    auto [client, server] = weft::testing::memory_stream_pair();
    co_return connected{std::move(client), std::move(server)};
}

}  // namespace weft_test
