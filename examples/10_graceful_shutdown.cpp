// SPDX-License-Identifier: Apache-2.0
// Ending a server well: SIGTERM cancels serve_forever(), which stops accepting, lets the connections finish what they
// are at, and returns. (SIGINT needs no line of yours: run() cancels the main task.)
//
//     loop.add_signal_handler(signal.SIGTERM, task.cancel)
//     try:
//         await server.serve_forever()
//     except asyncio.CancelledError:
//         server.close()
//         await server.wait_closed()
#include <weft/weft.hpp>

#include <csignal>
#include <cstdio>
#include <string>
#include <system_error>

using namespace std::chrono_literals;

weft::task<> slow_echo(weft::stream s) {
    while (auto line = co_await s.read_line()) {
        co_await weft::sleep(20ms);  // work
        co_await s.write(*line + "\n");
    }
}

weft::task<> client(std::uint16_t port) {
    auto s = co_await weft::open_connection("127.0.0.1", port);
    co_await s.write("in flight\n");
    co_await weft::sleep(5ms);
    std::puts("SIGTERM");
    std::raise(SIGTERM);  // as an init system would
    const auto reply = co_await s.read_line();
    std::printf("client: received \"%s\" all the same\n", reply.value_or("nothing").c_str());
    try {
        co_await weft::open_connection("127.0.0.1", port);
    } catch (const std::system_error&) {
        std::puts("client: no new connections");
    }
}

weft::task<> serve(weft::server& server) {
    auto serving = weft::create_task(server.serve_forever());
    weft::get_running_loop().add_signal_handler(SIGTERM, [serving] { serving.cancel("SIGTERM"); });
    co_await serving;
    std::puts("server: all connections have ended");
}

weft::task<> main_task() {
    auto server = co_await weft::start_server(slow_echo, "127.0.0.1", 0, {.drain_timeout = 10s});  // then: cancelled
    auto visiting = weft::create_task(client(server.port()));
    co_await serve(server);
    co_await visiting;
    std::puts("goodbye");
}

int main() { weft::run(main_task()); }
