// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>
#include <weft/http/websocket_error.hpp>
#include <weft/http/websocket_options.hpp>
#include <weft/io/address.hpp>
#include <weft/io/stream.hpp>
#include <weft/tls/tls_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

class websocket_core;

struct websocket_message {
    std::string data;
    bool is_text = true;  ///< UTF-8, as has been checked
};

/// A connection that carries messages, both ways at once, as in a browser.
///
///     while (auto message = co_await ws.receive()) co_await ws.send_text(message->data);
///
/// One task receives; any number may send meanwhile, each message in one piece. Somebody must be receiving for pings to be
/// answered, and for the peer's close to be seen. What takes more than the limits of websocket_options, or is not as RFC
/// 6455 has it, is answered with the close code for that, and the connection ended.
/// Destroying it tells the peer that this side goes away (1001), and does not wait for an answer; a task that waits for it
/// gets std::errc::connection_aborted.
/// @thread its loop's  @see websockets.WebSocketCommonProtocol, starlette.websockets.WebSocket
class websocket {
public:
    using message = websocket_message;

    /// Over a connection on which the handshake is over.
    websocket(stream s, websocket_role role, const websocket_options& options = {});
    explicit websocket(std::shared_ptr<websocket_core> core) noexcept;
    websocket(websocket&&) noexcept;
    websocket& operator=(websocket&&) noexcept;
    ~websocket();

    // What was moved from can be destroyed and assigned to; the rest throws invalid_state_error, or must not be asked.

    /// The next message. Empty: the close handshake is over, begun by whichever side; see close_code().
    /// @throws awaited: websocket_error  the peer broke the protocol or a limit, and has been told; or it is lost (1006);
    ///     std::system_error (connection_aborted)  this was destroyed; invalid_state_error  a task receives already
    /// @cancel no message is lost, nor a part of one: the next call goes on where this one was. Of a *task* made of it that
    ///     is cancelled too late, or loses a race() too late, the message is lost
    task<std::optional<message>> receive();

    /// Sends a message. Begins at the call: what is given need not live longer than that. The await waits only while more
    /// than the stream's high watermark is unsent.
    /// @throws websocket_error  it has ended, or is closing; std::invalid_argument  `text` is not UTF-8; as stream::write()
    /// @cancel the message is sent all the same  @cost compressing takes the loop's thread, some 20 ms for a megabyte
    [[nodiscard("await it: it waits while too much is unsent")]] output_awaiter send_text(std::string_view text);
    [[nodiscard("await it: it waits while too much is unsent")]] output_awaiter
    send_binary(std::span<const std::byte> bytes);
    [[nodiscard("await it: it waits while too much is unsent")]] output_awaiter send_binary(std::string_view bytes) {
        return send_binary(std::as_bytes(std::span(bytes)));
    }
    /// A ping beside those that keep the connection alive; the answer is not waited for.
    /// @throws as send_text(); std::invalid_argument  more than 125 bytes
    [[nodiscard("await it: it waits while too much is unsent")]] output_awaiter ping(std::string_view payload = {});

    /// Begins the close handshake and waits for its end, at most close_timeout. What the peer sends meanwhile goes to a
    /// receive() that waits, or is dropped. Does nothing but wait if it is closing already, and nothing if it has ended.
    /// @param code  1000 to 1003, 1007 to 1014, 3000 to 4999  @param reason  at most 123 bytes of UTF-8
    /// @throws awaited: std::invalid_argument  another code or reason, and nothing was done
    /// @cancel the handshake goes on for as long as this lives, and its timeout stands
    task<> close(std::uint16_t code = close_code::normal, std::string reason = {});

    /// Of the peer's close frame, close_code::no_code if it had none. close_code::lost, if there was no close frame. Empty:
    /// it is open.
    std::optional<std::uint16_t> close_code() const noexcept;
    const std::string& close_reason() const noexcept;
    /// Whether messages can still be sent.
    bool is_open() const noexcept;

    /// What was agreed on; empty if nothing was.
    const std::string& subprotocol() const noexcept;
    /// Whether messages are compressed.
    bool is_compressed() const noexcept;
    /// Bytes given to the stream that it has not sent yet.
    std::size_t write_buffer_size() const noexcept;
    address peer() const;

private:
    friend class room;
    std::shared_ptr<websocket_core> core_;
};

/// Answers a request for a WebSocket: by "101 Switching Protocols", and from then on `talks` has the connection, which is
/// closed at its end (1000; 1011 if it throws; 1001 if it is cancelled); or by what is wrong with the request: 426 if it
/// wants another version than 13, 403 if it comes from another site's page, else 400.
///
///     routes.get("/chat", [](http::request& r) -> weft::task<http::response> {
///         co_return http::accept_websocket(r, [](http::websocket ws) -> weft::task<> {
///             while (auto message = co_await ws.receive()) co_await ws.send_text(message->data);
///         });
///     });
///
/// @see RFC 6455 4.2, starlette.routing.WebSocketRoute
response accept_websocket(request& r, std::move_only_function<task<>(websocket)> talks, websocket_options options = {});

struct websocket_connect_options {
    websocket_options websocket = {};
    /// More fields of the request: Authorization, Origin, Cookie.
    http::headers headers = {};
    /// For wss: whom to believe; by default tls_context::client().
    std::optional<tls_context> tls = std::nullopt;
    /// For the connection and the handshake.
    std::chrono::nanoseconds timeout = std::chrono::seconds(10);
};

/// Connects to a ws or wss URL; user and password in it go along as "Authorization: Basic".
/// @throws awaited: std::invalid_argument  another URL, or one with a fragment; subprotocols that are none; response_error  the
///     server answers with another status than 101; websocket_error (1002)  its answer is not as it must be; timeout_error;
///     as open_connection()
/// @see websockets.connect
task<websocket> connect_websocket(std::string url, websocket_connect_options options = {});

}  // namespace weft::inline v0::http
