// SPDX-License-Identifier: Apache-2.0
// A server that only this machine can reach: a Unix socket. All that was written for TCP works unchanged. Here one
// connection is served at a time; the others wait in the kernel.
//
//     server = await asyncio.start_unix_server(clerk, path)
//     reader, writer = await asyncio.open_unix_connection(path)
#include <weft/weft.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

#include <unistd.h>

weft::task<> clerk(weft::stream s) {
    while (auto line = co_await s.read_line()) co_await s.write("filed: " + *line + "\n");
}

weft::task<> visitor(std::string path, std::string request) {
    weft::stream s = co_await weft::open_unix_connection(path);
    co_await s.write(request + "\n");
    const auto reply = co_await s.read_line();
    std::printf("%s\n", reply.value_or("nothing").c_str());
}

weft::task<> main_task() {
    const auto path = std::filesystem::temp_directory_path() / ("weft-clerk-" + std::to_string(::getpid()) + ".sock");
    auto server = co_await weft::start_unix_server(clerk, path, {.max_connections = 1});
    std::printf("%s is there: %s\n", "the socket", std::filesystem::is_socket(path) ? "yes" : "no");
    co_await weft::gather(visitor(path, "a form"), visitor(path, "another form"));

    server.close();  // its file goes with it
    co_await server.wait_closed();
    std::printf("%s is there: %s\n", "the socket", std::filesystem::exists(path) ? "yes" : "no");
    try {
        co_await visitor(path, "too late");
    } catch (const weft::connect_error& e) {
        std::puts(e.code().message().c_str());
    }
    // A path that begins with a NUL byte is a name without a file, which Linux calls abstract.
    const std::string name = std::string(1, '\0') + "weft-clerk-" + std::to_string(::getpid());
    auto nameless = co_await weft::start_unix_server(clerk, name);
    co_await visitor(name, "a form without a file");
}

int main() { weft::run(main_task()); }
