// SPDX-License-Identifier: Apache-2.0
#include <weft/http/server_sent_events.hpp>

#include <stdexcept>
#include <utility>

namespace weft::inline v0::http {

namespace {

void append_line(std::string& to, std::string_view name, std::string_view value) {
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
        throw std::invalid_argument("http: the " + std::string(name) + " of an event is one line");
    to.append(name).append(": ").append(value).append("\n");
}

/// A line for each line of the data, however they end.
void append_data(std::string& to, std::string_view data) {
    for (;;) {
        const std::size_t end = data.find_first_of("\r\n");
        to.append("data: ").append(data.substr(0, end)).append("\n");
        if (end == std::string_view::npos) return;
        data.remove_prefix(end + (data.substr(end, 2) == "\r\n" ? 2 : 1));
    }
}

}  // namespace

task<> event_sender::send(server_sent_event e) {
    std::string text;
    if (!e.event.empty()) append_line(text, "event", e.event);
    if (!e.id.empty()) append_line(text, "id", e.id);
    if (e.retry) append_line(text, "retry", std::to_string(e.retry->count()));
    append_data(text, e.data);
    text += '\n';
    co_await to_.write(text);
    co_await to_.flush();
}

task<> event_sender::keep_alive() {
    co_await to_.write(":\n\n");
    co_await to_.flush();
}

response send_events(std::move_only_function<task<>(event_sender&)> sends) {
    response r = response::stream(
        [s = std::move(sends)](body_writer& to) mutable -> task<> {
            event_sender sender(to);
            co_await s(sender);
        },
        "text/event-stream");
    r.headers().add("Cache-Control", "no-store");
    return r;
}

}  // namespace weft::inline v0::http
