// SPDX-License-Identifier: Apache-2.0
// What an idle TLS connection costs its server, and its client, in user memory: each side is a process of its own.
//   tls_memory CERTIFICATE KEY [CONNECTIONS]

#include <weft/weft.hpp>

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace std::chrono_literals;

namespace {

std::size_t heap_bytes() {
    const auto m = ::mallinfo2();
    return m.uordblks + m.hblkhd;
}

void report(const char* side, std::size_t before, int count) {
    std::printf("%s: %.1f KiB of heap a connection\n", side, static_cast<double>(heap_bytes() - before) / 1024 / count);
    std::fflush(stdout);
}

weft::task<> idle(weft::stream s) { co_await s.read_all(); }

weft::task<> serve(const char* certificate, const char* key, int count, int announce) {
    auto server = co_await weft::start_server(idle, "127.0.0.1", 0,
                                              {.tls = weft::tls_context::server(certificate, key), .backlog = 4096});
    const std::uint16_t port = server.port();
    if (::write(announce, &port, sizeof port) != sizeof port) std::abort();
    while (server.connections() < 1) co_await weft::sleep(1ms);
    co_await weft::sleep(100ms);  // the first one has brought what all share
    const std::size_t before = heap_bytes();
    while (server.connections() < static_cast<std::size_t>(count) + 1) co_await weft::sleep(10ms);
    co_await weft::sleep(500ms);
    report("server", before, count);
    server.cancel_connections();
}

weft::task<> visit(std::uint16_t port, int count) {
    const auto context = weft::tls_context::client({.verify = false, .resume_sessions = false});
    const auto first = co_await weft::open_connection("127.0.0.1", port, {.tls = context});
    co_await weft::sleep(300ms);
    const std::size_t before = heap_bytes();
    std::vector<weft::stream> streams;
    for (int i = 0; i < count; ++i)
        streams.push_back(co_await weft::open_connection("127.0.0.1", port, {.tls = context}));
    co_await weft::sleep(300ms);
    report("client", before, count);
    for (weft::stream& s : streams) co_await s.read_all();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: tls_memory CERTIFICATE KEY [CONNECTIONS]\n");
        return 2;
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const int count = argc > 3 ? std::atoi(argv[3]) : 10'000;
    int ends[2];
    if (::pipe(ends) != 0) return 1;
    const pid_t child = ::fork();
    if (child == 0) {
        std::uint16_t port = 0;
        if (::read(ends[0], &port, sizeof port) != sizeof port) return 1;
        weft::run(visit(port, count));
        return 0;
    }
    weft::run(serve(argv[1], argv[2], count, ends[1]));
    ::waitpid(child, nullptr, 0);
}
