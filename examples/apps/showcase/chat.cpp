// SPDX-License-Identifier: Apache-2.0
#include "chat.hpp"

#include "json.hpp"

#include <weft/http/http_error.hpp>
#include <weft/weft.hpp>

#include <utility>

namespace http = weft::http;
using namespace std::chrono_literals;

namespace showcase {

namespace {

constexpr std::size_t most_members = 100;
constexpr std::size_t longest_name = 32, longest_text = 1000;  // bytes
constexpr std::size_t most_remembered = 30;
/// Who writes faster than that waits, and fills nothing but a buffer of their own.
constexpr auto between_messages = 100ms;

}  // namespace

http::router chat::routes() {
    http::router r;
    r.get("/{name}", [this](http::request& asked) -> weft::task<http::response> {
        const std::string name(asked.parameter("name"));
        if (name.size() > longest_name) throw http::http_error(http::status::bad_request, "that is a long name");
        if (room_.size() >= most_members) throw http::http_error(http::status::service_unavailable, "the room is full");
        co_return http::accept_websocket(asked, [this, name](http::websocket ws) { return talk(name, std::move(ws)); },
                                         {.message_bytes = longest_text});
    });
    return r;
}

weft::task<> chat::talk(std::string who, http::websocket ws) {
    weft::current_task().set_name("chat of " + who);
    for (const auto past = said_; const std::string& each : past) co_await ws.send_text(each);
    {
        const auto place = room_.join(ws);
        tell(who, "joined", "");
        try {
            while (auto message = co_await ws.receive()) {
                if (message->is_text && !message->data.empty()) tell(who, "says", message->data);
                co_await weft::sleep(between_messages);
            }
        } catch (const http::websocket_error&) {  // gone without a word
        }
    }
    tell(who, "left", "");
}

void chat::tell(std::string_view who, std::string_view kind, std::string_view text) {
    const std::string message = json_object().text("who", who).text("kind", kind).text("text", text).take();
    room_.send_text(message);
    said_.push_back(message);
    if (said_.size() > most_remembered) said_.pop_front();
}

}  // namespace showcase
