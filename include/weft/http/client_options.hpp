// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/http/form.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/request_body.hpp>
#include <weft/io/stream.hpp>
#include <weft/tls/tls_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0::http {

/// How long each phase of a request may take; empty: as long as it likes. What is over it is a timeout_error that names the
/// request and the phase. @see aiohttp.ClientTimeout, httpx.Timeout
struct client_timeouts {
    using duration = std::optional<std::chrono::nanoseconds>;
    duration pool = std::nullopt;  ///< until one of the client's connections is free
    duration connect = std::chrono::seconds(30);  ///< looking the name up included; and through a proxy
    duration tls = std::chrono::seconds(30);
    duration send = std::chrono::seconds(60);  ///< without the server taking as much as a buffer of it
    duration first_byte = std::chrono::seconds(60);  ///< from the whole request to the answer's first byte
    duration between_bytes = std::chrono::seconds(60);  ///< of the answer
    duration total = std::chrono::minutes(5);  ///< of it all, redirects, retries and the body's end included
};

/// What a client takes from a server.
struct client_limits {
    std::size_t head_bytes = 64 * 1024;
    std::size_t fields = 200;
    std::size_t informational_responses = 20;  ///< before the one that counts
    std::uint64_t body_bytes = 64 * 1024 * 1024;  ///< of text(): what read_some() gives has no limit
    /// So many times its size a compressed body may become, where it is more than a MiB.
    unsigned decompression_ratio = 100;
};

/// How many connections a client has open at a time; who wants one more waits, first come, first served.
struct client_connections {
    std::size_t per_origin = 20;
    std::size_t in_all = 100;
    /// One that is not used for so long is closed.
    std::chrono::nanoseconds idle = std::chrono::seconds(30);
};

/// What becomes of a request that got no byte of an answer: no connection, or one that was lost. Requests alone that are
/// idempotent (see is_idempotent), and whose body can be sent again. Aside from that, one on a connection that had been idle
/// is tried once more on a new one, for the server may have been about to close it.
struct retry_policy {
    unsigned retries = 0;
    std::chrono::nanoseconds backoff =
        std::chrono::milliseconds(200);  ///< before the first; then twice as long each time
    std::chrono::nanoseconds most = std::chrono::seconds(10);
};

/// Through whom requests go.
struct proxy_settings {
    /// "http://user:password@proxy.example:3128", for http: it is sent whole requests. Empty: none.
    std::string http = {};
    /// The same for https: it is asked for a tunnel (CONNECT), and sees nothing of what is in it.
    std::string https = {};
    /// Hosts that are reached without: "example.org" and all below it, "10.0.0.7", "example.org:8080", "*".
    std::vector<std::string> no_proxy = {};

    /// Of http_proxy, https_proxy, all_proxy and no_proxy; in capitals too, but for HTTP_PROXY, which a CGI program's client
    /// could set.
    static proxy_settings from_environment();
};

/// Whom to connect to.
struct origin {
    std::string scheme;  ///< "http" or "https"
    std::string host;  ///< in lower case; an IPv6 address without brackets
    std::uint16_t port;
};

/// Makes a connection; TLS, where the scheme has it, comes on top. @param to  lives until it is made
using connector = std::move_only_function<task<stream>(const origin& to)>;

struct client_options {
    client_timeouts timeouts = {};
    client_limits limits = {};
    client_connections connections = {};
    retry_policy retries = {};
    /// Go with every request that has none of that name.
    http::headers headers = {};
    /// What references such as "/users/17" refer to.
    std::string base_url = {};
    /// How many are followed; 0: none, the redirecting response is what is given.
    unsigned max_redirects = 20;
    /// Follow redirects from https to http.
    bool allow_downgrade = false;
    /// Keep the cookies that are given, and bring them back. @see cookie_jar
    bool cookies = true;
    /// Ask for compressed content, and give it decompressed. (Without zlib nothing is asked for.)
    bool decompress = true;
    std::optional<proxy_settings> proxy = std::nullopt;
    /// In place of tls_context::client(), which trusts whom the machine trusts.
    std::optional<tls_context> tls = std::nullopt;
    /// In place of open_connection().
    http::connector connector = {};
};

/// What one request has of its own.
struct request_options {
    http::headers headers = {};
    http::request_body body = {};
    /// Behind the URL's query.
    form query = {};
    std::optional<client_timeouts> timeouts = std::nullopt;
    std::optional<retry_policy> retries = std::nullopt;
    std::optional<unsigned> max_redirects = std::nullopt;
    /// Send the body when the server says that it wants it, or has said nothing for a second.
    bool expect_continue = false;
};

}  // namespace weft::inline v0::http
