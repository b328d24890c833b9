// SPDX-License-Identifier: Apache-2.0
// An echo server: one coroutine per connection. Try it with `nc 127.0.0.1 8888`; Ctrl-C lets the connections finish.

#include <weft/weft.hpp>

#include <cstdio>
#include <cstdlib>
#include <utility>

weft::task<> echo(weft::stream s) {
    while (weft::chunk bytes = co_await s.read_chunk()) co_await s.write(std::move(bytes));
}

weft::task<> serve(std::uint16_t port) {
    auto server = co_await weft::start_server(echo, "127.0.0.1", port);
    std::printf("listening on %d\n", server.port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) { weft::run(serve(argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[1])) : 8888)); }
