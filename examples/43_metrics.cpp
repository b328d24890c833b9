// SPDX-License-Identifier: Apache-2.0
// What a loop does: its numbers for Prometheus to scrape, and its last seconds for https://ui.perfetto.dev to show.
//
//     start_http_server(9000)                     # prometheus_client, in a thread; of the loop it knows nothing
//     loop.slow_callback_duration = 0.01          # asyncio says in debug mode that a step was slow, not what led to it
#include <weft/weft.hpp>

#include <csignal>
#include <cstdio>
#include <sstream>
#include <string>

using namespace std::chrono_literals;

/// GET /metrics, or anything else
weft::task<> answer(weft::stream s) {
    while (const auto line = co_await s.read_line()) {
        if (line->empty() || *line == "\r") break;
    }
    const std::string text = weft::prometheus_text(weft::capture_metrics());
    co_await s.write("HTTP/1.0 200 OK\r\nContent-Type: " + std::string(weft::prometheus_content_type) + "\r\n\r\n" +
                     text);
}

weft::task<> scrape(std::uint16_t port) {
    auto s = co_await weft::open_connection("127.0.0.1", port);
    co_await s.write("GET /metrics HTTP/1.0\r\n\r\n");
    while (const auto line = co_await s.read_line()) {
        if (line->starts_with("# TYPE ") || line->starts_with("weft_loop_tasks{")) std::puts(line->c_str());
    }
}

weft::task<> work() {
    for (int i = 0; i < 3; ++i) co_await weft::sleep(1ms);
}

weft::task<> main_task() {
    weft::flight_recorder recorder;  // 4 MiB: the last 100 000 events
    recorder.write_on_signal(SIGUSR2, "trace.json");  // kill -USR2 …
    recorder.write_when_slow("slow.json");  // when a step has taken slow_callback_duration

    auto server = co_await weft::start_server(answer, "127.0.0.1", 0);
    co_await weft::gather(work(), work());
    co_await scrape(server.port());

    std::ostringstream trace;
    recorder.write(trace);
    const bool shows_work = trace.str().contains("\"cat\":\"task\",\"name\":\"work\"");
    std::printf("the trace %s the steps of work()\n", shows_work ? "shows" : "has lost");

    for (const weft::stack_frame& frame : weft::capture_stack()) std::printf("in %s\n", frame.function.c_str());
}

int main() { weft::run(main_task()); }
