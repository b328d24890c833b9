// SPDX-License-Identifier: Apache-2.0
// A page in the browser that shows this program from inside. Start reading here, then site.cpp, then work.cpp.
#include "site.hpp"

#include <weft/http/server.hpp>
#include <weft/weft.hpp>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>
#include <system_error>

namespace http = weft::http;
using namespace std::chrono_literals;

namespace {

/// How many ports are tried, from the one that was asked for.
constexpr int ports_to_try = 10;

/// @throws awaited: std::system_error  none of the ports is free
weft::task<http::server> listen(showcase::site& site, std::uint16_t port) {
    for (int tries = 1;; ++tries, ++port) {
        http::server server(site.routes(), {.port = port, .max_connections = 1000, .drain_timeout = 200ms});
        try {
            co_await server.start();
            co_return server;
        } catch (const std::system_error& e) {
            if (e.code() != std::errc::address_in_use || tries == ports_to_try || port == 65535) throw;
        }
        std::printf("showcase: port %d is taken\n", port);
    }
}

weft::task<> serve(showcase::site& site, std::uint16_t port) {
    weft::current_task().set_name("main");
    http::server server = co_await listen(site, port);
    weft::get_running_loop().add_signal_handler(SIGTERM, [main = weft::current_task()] { main.cancel(); });
    std::printf("showcase: open http://127.0.0.1:%d/ in a browser; Ctrl-C ends it\n", server.port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

std::optional<std::uint16_t> to_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(port) : std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    std::optional<std::uint16_t> port = 8000;
    if (argc == 3 && argv[1] == std::string_view("--port")) {
        port = to_port(argv[2]);
    } else if (argc != 1) {
        port.reset();
    }
    if (!port) return std::fputs("usage: showcase [--port N]    8000 by default; 0: any that is free\n", stderr), 2;
    try {
        showcase::site site;  // outlives the tasks that run() ends
        weft::run(serve(site, *port));
    } catch (const weft::keyboard_interrupt&) {
    } catch (const weft::cancelled_error&) {
    } catch (const std::exception& e) {
        return std::fprintf(stderr, "showcase: %s\n", e.what()), 1;
    }
}
