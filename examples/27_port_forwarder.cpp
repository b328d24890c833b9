// SPDX-License-Identifier: Apache-2.0
// Forwards a port to another server, and counts the bytes each way. Two tasks a connection; when one direction ends,
// its end is passed on and the other goes on. Back-pressure comes by itself: write() waits for a slow reader.
#include <weft/weft.hpp>

#include <cstdio>
#include <string>

struct traffic {
    std::size_t up = 0, down = 0;
};

weft::task<> copy(weft::stream& from, weft::stream& to, std::size_t& count) {
    for (;;) {
        const std::string_view bytes = co_await from.peek();  // without a copy
        if (bytes.empty()) break;
        const std::size_t size = bytes.size();
        co_await to.write(bytes);
        from.consume(size);
        count += size;
    }
    co_await to.write_eof();
}

weft::task<> forward(weft::stream client, std::string host, std::uint16_t port, traffic& total) {
    auto server = co_await weft::open_connection(host, port);
    traffic here;
    co_await weft::gather(copy(client, server, here.up), copy(server, client, here.down));
    total.up += here.up;
    total.down += here.down;
    std::printf("a connection: %zu bytes up, %zu bytes down\n", here.up, here.down);
}

/// The server behind: says everything twice.
weft::task<> twice(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write(*line + "\n" + *line + "\n");
}

weft::task<std::size_t> visit(std::uint16_t port, int lines) {
    auto s = co_await weft::open_connection("localhost", port);
    for (int i = 0; i < lines; ++i) co_await s.write("line " + std::to_string(i) + "\n");
    co_await s.write_eof();
    co_return (co_await s.read_all()).size();
}

weft::task<> main_task() {
    traffic total;
    auto behind = co_await weft::start_server(twice, "127.0.0.1", 0);
    const auto forwarding = [&, port = behind.port()](weft::stream s) {
        return forward(std::move(s), "127.0.0.1", port, total);
    };
    auto front = co_await weft::start_server(forwarding, {"127.0.0.1", "::1"}, 0);
    for (const int lines : {1, 10, 100}) {
        const std::size_t bytes = co_await visit(front.port(), lines);
        while (front.connections() > 0) co_await weft::yield_now();
        std::printf("a visitor: wrote %d lines, read %zu bytes\n", lines, bytes);
    }
    std::printf("in all: %zu bytes up, %zu bytes down\n", total.up, total.down);
}

int main() { weft::run(main_task()); }
