// SPDX-License-Identifier: Apache-2.0
// The echo server of echo_server.cpp over TLS.
//   tls_echo_server PORT CERTIFICATE KEY

#include <weft/weft.hpp>

#include <cstdio>
#include <cstdlib>

weft::task<> echo(weft::stream s) {
    while (!(co_await s.peek()).empty()) {
        const auto received = s.buffered();
        co_await s.write(received);
        s.consume(received.size());
    }
}

weft::task<> serve(std::uint16_t port, const char* certificate, const char* key) {
    weft::get_running_loop().set_exception_handler([](weft::event_loop&, const weft::error_context&) {});
    auto server = co_await weft::start_server(echo, "127.0.0.1", port,
                                              {.tls = weft::tls_context::server(certificate, key), .backlog = 4096});
    std::printf("listening on %d\n", server.port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: tls_echo_server PORT CERTIFICATE KEY\n");
        return 2;
    }
    weft::run(serve(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2], argv[3]));
}
