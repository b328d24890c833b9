// SPDX-License-Identifier: Apache-2.0
// The plaintext server that bench/run_http.py measures: limits, deadlines and the Date field on, no access log.
//
//   http_server [PORT]

#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <cstdlib>

namespace http = weft::http;

weft::task<http::response> hello(http::request&) { co_return http::response::text("Hello, World!"); }

weft::task<> serve(std::uint16_t port) {
    http::router routes;
    routes.get("/", hello);
    http::server server(std::move(routes), {.port = port, .limits = {.requests_per_connection = 1'000'000'000}});
    co_await server.start();
    std::printf("listening on %d\n", server.port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) {
    weft::run(serve(argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[1])) : std::uint16_t{8000}));
}
