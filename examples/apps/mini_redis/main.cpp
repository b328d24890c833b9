// SPDX-License-Identifier: Apache-2.0
// A server that redis-cli and redis-benchmark take for Redis. Start reading here, then session.cpp.
#include "server.hpp"

#include <weft/weft.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <random>

#include <sys/resource.h>

namespace {

using namespace mini_redis;

// Each client is a descriptor: the soft limit is often lower than need be.
void allow_many_descriptors(std::size_t clients) {
    constexpr rlim_t ours = 32;
    rlimit limit;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= clients + ours) return;
    limit.rlim_cur = std::min<rlim_t>(clients + ours, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);  // if that fails, the server waits with accepting until clients leave
}

void print_welcome(const options& chosen, int port) {
    std::printf("mini_redis is listening on %s:%d\n"
                "  redis-cli -p %d\n"
                "  redis-benchmark -p %d -q -t get,set -n 100000 -P 16\n",
                chosen.bind.c_str(), port, port, port);
    std::fflush(stdout);
}

weft::task<> serve_until_told_to_stop(options chosen) {
    auto& loop = weft::get_running_loop();
    weft::future<> told_to_stop(loop);
    for (const int signal : {SIGTERM, SIGINT}) {
        loop.add_signal_handler(signal, [told_to_stop]() mutable {
            if (!told_to_stop.done()) told_to_stop.set_result();
        });
    }
    redis_server server(chosen, std::random_device{}() * 0x9e3779b97f4a7c15u);
    co_await server.start();
    print_welcome(chosen, server.port());
    co_await told_to_stop;
    co_await server.stop();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const options chosen =
            parse_options(std::span<const char* const>(argv, static_cast<std::size_t>(argc)).subspan(1));
        if (chosen.help) return std::fputs(usage(), stdout), 0;
        allow_many_descriptors(chosen.bounds.clients);
        weft::run(serve_until_told_to_stop(chosen));
        return 0;
    } catch (const usage_error& e) {
        std::fprintf(stderr, "mini_redis: %s\n%s", e.what(), usage());
        return 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "mini_redis: %s\n", e.what());
        return 1;
    }
}
