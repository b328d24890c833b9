// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>
#include <weft/http/limits.hpp>
#include <weft/io/stream.hpp>
#include <weft/tls/tls_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0::http {

class server_core;

/// What an access log is told of a request that has been answered. Valid during the call.
struct access_record {
    const request& asked;
    http::status status;
    std::uint64_t body_bytes = 0;  ///< sent, or what a file has
    std::chrono::nanoseconds duration{};  ///< from the whole head to the end of the answer
};

/// In which fields a proxy says for whom it asks.
enum class proxy_fields : std::uint8_t {
    x_forwarded,  ///< X-Forwarded-For and X-Forwarded-Proto
    forwarded  ///< Forwarded. @see RFC 7239
};

struct server_options {
    /// An address, or a name for all its addresses; empty for every address of the machine.
    std::string host = "127.0.0.1";
    std::uint16_t port = 8000;  ///< 0: the kernel chooses one
    /// How many loops serve, each on a thread of its own: the one on which the server is started, and others, which it starts.
    /// The kernel deals out the connections among them (SO_REUSEPORT). Handlers, middleware and the access log are then called
    /// on several threads at once: what they share must bear that.
    unsigned threads = 1;
    std::optional<tls_context> tls = std::nullopt;
    http::limits limits = {};
    /// Error pages say what was thrown, and where. Not for strangers' eyes.
    bool debug = false;
    /// Called for each request when its answer has been sent, on its loop's thread. @see log_to_stderr
    std::function<void(const access_record&)> access_log = {};
    /// How many connections are served at a time, of which each thread has its share; the others wait. If they are fewer than
    /// the threads only so many threads serve. Empty: any number.
    std::optional<std::size_t> max_connections = std::nullopt;
    /// How long a drain waits for requests before it cancels them.
    std::optional<std::chrono::nanoseconds> drain_timeout = std::chrono::seconds(30);
    /// Share the port with other servers, this process's or another's. Several threads share theirs with nobody else.
    bool reuse_port = false;
    /// The hosts that are served here: "example.org"; "*.example.org" for all below it. Who asks for another is answered 421.
    /// Without a list a page of any name that is made to lead here is (DNS rebinding). Empty: any.
    std::vector<std::string> hosts = {};
    /// Whose word is taken on who sent a request: proxies, by address ("10.0.0.7", "::1"), by network ("10.0.0.0/8"), or "unix"
    /// for every peer without an address. What others say of that is not looked at. @see request::client, request::scheme
    std::vector<std::string> trusted_proxies = {};
    /// In which fields these say it: those that the proxy writes. Others it may hand on as a stranger has sent them.
    http::proxy_fields proxy_fields = http::proxy_fields::x_forwarded;
};

/// Serves HTTP/1.1 and HTTP/1.0.
///
///     http::server server(std::move(routes), {.port = 8000});
///     co_await server.serve_forever();
///
/// Each connection is a task, in which the handlers run. Keep-alive and pipelining, "Expect: 100-continue", chunked bodies,
/// the limits and the Date field need nothing done. What a handler throws is an http_error's answer, or a 500 and a report to the
/// exception handler of the loop that started the server.
/// @thread its loop's; with several threads the handlers are called on all of them  @see tornado.httpserver.HTTPServer
class server {
public:
    /// @throws std::invalid_argument  an empty handler, options that make no sense
    explicit server(handler answers, server_options options = {});
    server(server&&) noexcept;
    server& operator=(server&&) noexcept;
    /// Closes it. What its other threads still do is cancelled when the last connection of this one has ended, or the loop
    /// closes; that blocks until they have ended.
    ~server();

    /// Listens, and serves from then on. @throws awaited: as start_server(); std::system_error  no thread can be started
    task<> start();
    /// Listens if it does not yet, and serves until cancelled or closed; then it stops accepting, lets the requests that have
    /// begun be answered, drain_timeout long, and returns. A second cancellation does not wait and is thrown.
    /// @throws awaited: as start(); invalid_state_error  it is closed, or another task is here already; what has ended the loop
    ///     of another thread, and all of them with it
    task<> serve_forever();
    /// Stops accepting, and ends each connection when its request has been answered. @see serve_forever
    void close() noexcept;
    /// Waits until it is closed, then as serve_forever() does until the last connection has ended.
    task<> wait_closed();

    /// The port it listens on. @throws invalid_state_error  it does not listen
    std::uint16_t port() const;
    /// Connections that are open, and requests that are being answered; of all its threads.
    std::size_t connections() const noexcept;
    std::size_t requests() const noexcept;

    /// Serves one connection that came some other way, until it ends.
    task<> serve_connection(stream s);

private:
    std::shared_ptr<server_core> core_;
};

/// server(answers, options).serve_forever(), to be given to run().
task<> serve(handler answers, server_options options = {});

/// One line for each request on stderr, in the common log format with what it took in milliseconds; what clients send is
/// escaped in it.
void log_to_stderr(const access_record& record);

}  // namespace weft::inline v0::http
