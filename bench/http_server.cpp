// SPDX-License-Identifier: Apache-2.0
// The server that bench/run_http.py and bench/run_static.py measure: limits, deadlines and the Date field on, no access log.
//
//   http_server [PORT [--root FOLDER]]
//
// "/" is a plain text, "/files/…" what is in the folder.

#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/http/static_files.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace http = weft::http;

weft::task<http::response> hello(http::request&) { co_return http::response::text("Hello, World!"); }

weft::task<> serve(std::uint16_t port, const char* root) {
    http::router routes;
    routes.get("/", hello);
    if (root) routes.get("/files/{file:path}", http::static_files(root));
    http::server server(std::move(routes), {.port = port, .limits = {.requests_per_connection = 1'000'000'000}});
    co_await server.start();
    std::printf("listening on %d\n", server.port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) {
    const auto port = argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[1])) : std::uint16_t{8000};
    const bool has_root = argc > 3 && std::string_view(argv[2]) == "--root";
    weft::run(serve(port, has_root ? argv[3] : nullptr));
}
