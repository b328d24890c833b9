// SPDX-License-Identifier: Apache-2.0
// What the tests of datagram sockets have in common.
#pragma once

#include "io/connected.hpp"

#include <weft/net/datagram_socket.hpp>

#include <string>
#include <system_error>
#include <utility>

namespace weft_test {

inline weft::task<weft::datagram_socket> on_loopback(weft::datagram_options options = {}) {
    return weft::datagram_socket::bind("127.0.0.1", 0, options);
}

/// The message of the system_error with `code` that awaiting `a` throws.
template <class Awaitable>
weft::task<std::string> error_of(Awaitable&& a, std::errc code) {
    try {
        co_await std::move(a);
        ADD_FAILURE() << "no error";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), code) << e.what();
        co_return e.what();
    }
    co_return "";
}

}  // namespace weft_test
