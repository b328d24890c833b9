// SPDX-License-Identifier: Apache-2.0

// Echo server on asio's awaitables, one coroutine per connection. Usage: echo_asio PORT (0: any free port).
//
// Tuned within the idiom: one thread and told so (no locks), the concrete executor type (no type erasure), errors as a value
// (an end of stream throws nothing).

#include <array>
#include <asio.hpp>
#include <coroutine>
#include <cstdio>
#include <cstdlib>

namespace {

using executor = asio::io_context::executor_type;
using socket_type = asio::basic_stream_socket<asio::ip::tcp, executor>;
using acceptor_type = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
constexpr asio::use_awaitable_t<executor> use_awaitable;

asio::awaitable<void, executor> echo(socket_type socket) {
    socket.set_option(asio::ip::tcp::no_delay(true));
    std::array<char, 16 * 1024> buffer;
    asio::error_code error;
    const auto token = [&] { return asio::redirect_error(use_awaitable, error); };
    for (;;) {
        const auto received = co_await socket.async_read_some(asio::buffer(buffer), token());
        if (error) co_return;
        co_await asio::async_write(socket, asio::buffer(buffer, received), token());
        if (error) co_return;
    }
}

asio::awaitable<void, executor> serve(acceptor_type& acceptor) {
    asio::error_code error;
    for (;;) {
        socket_type socket = co_await acceptor.async_accept(asio::redirect_error(use_awaitable, error));
        if (!error) asio::co_spawn(acceptor.get_executor(), echo(std::move(socket)), asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    asio::io_context context(ASIO_CONCURRENCY_HINT_UNSAFE);
    const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 0);
    acceptor_type acceptor(context.get_executor(), {asio::ip::address_v4::loopback(), port});
    acceptor.listen(4096);
    asio::signal_set terminate(context, SIGTERM);
    terminate.async_wait([&](auto, auto) { context.stop(); });
    asio::co_spawn(context, serve(acceptor), asio::detached);
    std::printf("listening on %d\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    context.run();
}
