// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/response.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// One event of a stream of them. @see https://html.spec.whatwg.org/multipage/server-sent-events.html
struct server_sent_event {
    std::string_view data = {};  ///< of any number of lines
    std::string_view event = {};  ///< its type; empty: "message"
    std::string_view id = {};  ///< where to go on after a lost connection: the client sends it as Last-Event-ID
    std::optional<std::chrono::milliseconds> retry =
        std::nullopt;  ///< how long the client waits before it connects again
};

/// Where the events of a client are written to.
class event_sender {
public:
    explicit event_sender(body_writer& to) noexcept : to_(to) {}
    /// Sends it at once. @throws std::system_error  the client has gone; std::invalid_argument  a line end in a type or id
    task<> send(server_sent_event e);
    /// Sends what a client takes no notice of: a line that keeps proxies from giving the connection up.
    task<> keep_alive();

private:
    body_writer& to_;
};

/// Answers with events, until `sends` returns. It is cancelled when the client goes.
///
///     co_return http::send_events([](http::event_sender& to) -> weft::task<> {
///         for (int i = 0;; ++i, co_await weft::sleep(1s)) co_await to.send({.data = std::to_string(i)});
///     });
///
/// @see EventSource
response send_events(std::move_only_function<task<>(event_sender&)> sends);

}  // namespace weft::inline v0::http
