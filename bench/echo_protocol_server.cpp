// SPDX-License-Identifier: Apache-2.0
// The echo server by callbacks: what bench/echo_server.cpp does with coroutines.

#include <weft/net/create_server.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

class echo : public weft::protocol {
    void connection_made(weft::transport t) override { transport_ = std::move(t); }
    void data_received(std::span<const std::byte> data) override { transport_.write(data); }
    void pause_writing() override { transport_.pause_reading(); }
    void resume_writing() override { transport_.resume_reading(); }
    weft::transport transport_;
};

weft::task<> serve(std::uint16_t port) {
    auto server = co_await weft::create_server([] { return std::make_unique<echo>(); }, "127.0.0.1", port);
    std::printf("listening on %d\n", server.port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) { weft::run(serve(argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[1])) : 8888)); }
