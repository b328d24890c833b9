// SPDX-License-Identifier: Apache-2.0
// A ticker of server-sent events: each has a number, and a client that comes back says which was its last and misses none.
// In a browser that client is one line: new EventSource("/ticks").
#include <weft/http/client.hpp>
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/http/server_sent_events.hpp>
#include <weft/weft.hpp>

#include <charconv>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;
namespace http = weft::http;
using weft::task;

namespace {

/// Sends events until the client has gone: that cancels it, or sending fails.
task<> tick(http::event_sender& to, int from) {
    try {
        for (int i = from;; ++i, co_await weft::sleep(1ms)) {
            const std::string number = std::to_string(i), data = "tick " + number + "\nof the clock";
            co_await to.send({.data = data, .event = i % 2 ? "tick" : "tock", .id = number});
        }
    } catch (...) {
        std::printf("server: the client has gone\n");
        throw;
    }
}

task<http::response> ticks(http::request& r) {
    const std::string_view last = r.header("Last-Event-ID");
    int number = 0;
    std::from_chars(last.data(), last.data() + last.size(), number);  // what is no number counts as none
    std::printf("server: a client that had %d\n", number);
    co_return http::send_events([number](http::event_sender& to) { return tick(to, number + 1); });
}

/// Hears so many events, and goes. @return the last one's id
task<std::string> hear(http::client& client, std::string last_id, int count) {
    http::headers fields;
    if (!last_id.empty()) fields.set("Last-Event-ID", last_id);
    http::client_response r = co_await client.get("/ticks", {.headers = std::move(fields)});
    std::string input, event;
    while (count > 0) {
        input += co_await r.read(4096);
        for (std::size_t end; count > 0 && (end = input.find('\n')) != input.npos; input.erase(0, end + 1)) {
            const std::string line = input.substr(0, end);
            if (line.starts_with("id: ")) last_id = line.substr(4);
            if (line.starts_with("event: ")) event = line.substr(7) + ":";
            if (line.starts_with("data: ")) event += " " + line.substr(6);
            if (!line.empty()) continue;
            std::printf("client: %s\n", event.c_str());
            --count;
        }
    }
    co_return last_id;
}

task<> main_task() {
    http::router routes;
    routes.get("/ticks", ticks);
    http::server server(std::move(routes), {.port = 0});
    co_await server.start();
    http::client client({.base_url = "http://127.0.0.1:" + std::to_string(server.port())});
    std::string last;
    for (const int count : {3, 2}) {
        last = co_await hear(client, last, count);
        while (server.connections() > 0) co_await weft::sleep(1ms);
    }
}

}  // namespace

int main() { weft::run(main_task()); }
