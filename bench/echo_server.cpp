// SPDX-License-Identifier: Apache-2.0
// An echo server: one coroutine per connection. Try it with `nc 127.0.0.1 8888`; Ctrl-C lets the connections finish.
//
//   echo_server [PORT [read_some | fibers]]      read_some: into memory of its own, instead of by chunks
//                                                fibers: by functions that are no coroutines

#include <weft/fiber/create_fiber.hpp>
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

void echo_on_a_stack(weft::stream s) {
    while (weft::chunk bytes = weft::await(s.read_chunk())) weft::await(s.write(std::move(bytes)));
}

weft::task<> echo_by_fiber(weft::stream s) { return weft::run_in_fiber(echo_on_a_stack, std::move(s)); }

weft::task<> serve(std::uint16_t port, std::string_view how) {
    const auto handler = how == "read_some" ? echo_by_read_some : how == "fibers" ? echo_by_fiber : echo;
    auto server = co_await weft::start_server(handler, "127.0.0.1", port);
    std::printf("listening on %d\n", server.port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) {
    const auto port = argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[1])) : std::uint16_t{8888};
    weft::run(serve(port, argc > 2 ? argv[2] : ""));
}
