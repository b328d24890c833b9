// SPDX-License-Identifier: Apache-2.0
// An echo server: one coroutine per connection. Try it with `nc 127.0.0.1 8888`; Ctrl-C lets the connections finish.
//
//   echo_server [PORT [read_some]]      read_some: into memory of its own, instead of by chunks

#include <weft/weft.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

weft::task<> echo(weft::stream s) {
    while (weft::chunk bytes = co_await s.read_chunk()) co_await s.write(std::move(bytes));
}

weft::task<> echo_by_read_some(weft::stream s) {
    std::array<std::byte, 16 * 1024> buffer;
    while (const std::size_t size = co_await s.read_some(buffer)) co_await s.write(std::span(buffer).first(size));
}

weft::task<> serve(std::uint16_t port, bool by_read_some) {
    auto server = co_await weft::start_server(by_read_some ? echo_by_read_some : echo, "127.0.0.1", port);
    std::printf("listening on %d\n", server.port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) {
    const auto port = argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[1])) : std::uint16_t{8888};
    weft::run(serve(port, argc > 2 && argv[2] == std::string_view("read_some")));
}
