// SPDX-License-Identifier: Apache-2.0
// A TCP echo server and its client in one program. Each connection is a task that reads like a blocking program;
// write() waits only while the peer is slow to read.
//
//     async def echo(reader, writer):
//         while line := await reader.readline():
//             writer.write(line)
//             await writer.drain()
//         writer.close()
//     server = await asyncio.start_server(echo, "127.0.0.1", 0)
//     reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
#include <weft/weft.hpp>

#include <cstdio>
#include <string>

weft::task<> echo(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n");
}

weft::task<> client(std::uint16_t port) {
    weft::stream s = co_await weft::open_connection("127.0.0.1", port);
    for (const char* text : {"hello", "world"}) {
        co_await s.write(std::string(text) + "\n");
        const auto reply = co_await s.read_line();
        std::printf("sent %s, received %s\n", text, reply ? reply->c_str() : "nothing");
    }
    co_await s.write("an unfinished line");
    co_await s.write_eof();  // no more from us; the server answers all the same
    std::printf("at last: %s", (co_await s.read_all()).c_str());
}

weft::task<> main_task() {
    auto server = co_await weft::start_server(echo, "127.0.0.1", 0);
    const auto port = server.port();  // the kernel's choice
    co_await weft::gather(client(port), client(port));

    server.close();  // accepts no more
    co_await server.wait_closed();
    std::puts("closed");
}

int main() { weft::run(main_task()); }
