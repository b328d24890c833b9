// SPDX-License-Identifier: Apache-2.0
// What the tests of streams have in common.
#pragma once

#include "io/socket_layer.hpp"
#include "io/stream_core.hpp"

#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace weft_test {

/// Runs `main()` on a virtual clock.
template <class F>
void run(F main) {
    weft::testing::run(main());
}

/// Lets everything happen that can happen by itself: on a virtual clock the second passes when nothing is left to do.
inline auto settle() { return weft::sleep(std::chrono::seconds(1)); }
/// The same with pipes open: somebody outside might write to them, so that the clock does not jump.
inline auto settle_pipes() { return weft::sleep(std::chrono::milliseconds(20)); }

/// Has a task of `main()` come to wait, and cancels it.
template <class F>
void cancel_while_waiting(F main) {
    run([&main]() -> weft::task<> {
        const auto waiting = weft::create_task(main());
        for (int turns = 0; turns < 10; ++turns) co_await weft::yield_now();
        EXPECT_FALSE(waiting.done());
        EXPECT_TRUE(waiting.cancel());
        EXPECT_THROW(co_await waiting, weft::cancelled_error);
    });
}

/// Has a task of `main()` come to wait, and destroys it there, with its loop.
template <class F>
void destroy_while_waiting(F main) {
    weft::event_loop loop;
    loop.set_exception_handler([](weft::event_loop&, const weft::error_context&) {});  // is told of it
    const auto waiting = weft::create_task_on(loop, main(), std::source_location());
    for (int turns = 0; turns < 10; ++turns) loop.run_once();
    EXPECT_FALSE(waiting.done());
}

/// Two streams of one loop, connected to each other over loopback.
struct connected {
    weft::stream client, server;
};
inline weft::task<connected> connect_streams(std::size_t limit = 64 * 1024) {
    // The handlers', too: one may begin when this has been cancelled.
    const auto accepted = std::make_shared<weft::queue<weft::stream>>();
    const auto keep = [accepted](weft::stream s) -> weft::task<> { co_await accepted->put(std::move(s)); };
    auto listening = co_await weft::start_server(keep, "127.0.0.1", 0, {.limit = limit});
    auto client = co_await weft::open_connection("127.0.0.1", listening.port(), {.limit = limit});
    auto server = co_await accepted->get();
    // Ports are taken again: another test may look here for a server of its own that has gone.
    while (server.peer() != client.local()) server = co_await accepted->get();
    co_return connected{std::move(client), std::move(server)};
}

/// A TCP connection over loopback between two plain sockets.
struct sockets {
    weft::unique_fd client, server;
};
inline weft::unique_fd listen_on_loopback(std::uint16_t& port, int backlog = 16) {
    weft::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof at;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), bytes) != 0 || ::listen(fd.get(), backlog) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &bytes) != 0) {
        throw std::system_error(errno, std::generic_category(), "listen_on_loopback");
    }
    port = ntohs(at.sin_port);
    return fd;
}
inline weft::unique_fd connect_to_loopback(std::uint16_t port, int flags = 0) {
    weft::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
        throw std::system_error(errno, std::generic_category(), "connect_to_loopback");
    }
    return fd;
}
inline sockets connect_sockets() {
    std::uint16_t port = 0;
    const auto listener = listen_on_loopback(port);
    sockets s;
    s.client = connect_to_loopback(port);
    s.server.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return s;
}

/// A stream on a socket, in the running loop.
inline weft::stream make_stream(weft::unique_fd socket, const weft::stream_limits& limits = {}) {
    auto& loop = weft::get_running_loop();
    return weft::stream(std::make_unique<weft::stream_core>(
        loop, std::make_unique<weft::socket_layer>(loop.operations(), std::move(socket)), limits));
}

/// Gives a sink bytes as a layer does.
inline void bring(weft::stream_sink& sink, std::string_view text) {
    weft::byte_buffer bytes(*weft::get_running_loop().buffers());
    bytes.append(std::as_bytes(std::span(text)));
    sink.on_bytes(bytes);
}

/// Sends all of `text` from a plain blocking socket.
inline void send_all(const weft::unique_fd& fd, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (count < 0) throw std::system_error(errno, std::generic_category(), "send_all");
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// Makes the socket's close() a reset.
inline void reset(weft::unique_fd& fd) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd.reset();
}

}  // namespace weft_test
